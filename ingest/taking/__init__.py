"""Takes custody: receiving a transfer, planning its bags, having them packed, entering them."""
