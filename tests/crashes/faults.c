/* Put between a program and its C library: counts what changes the file system, and fails where it is told to.

   A step is one call that makes, writes, syncs, names or removes something (or reads it, for wrong bytes)
   below FAULT_ROOT whose name matches the shell pattern FAULT_PATH.  Steps of all processes are counted
   together, in the file FAULT_COUNTER.  At step FAULT_NTH of the operation FAULT_OP the fault FAULT_KIND
   happens; with FAULT_TRACE every step is written down instead.  The counter's file also holds by how many
   seconds the clock has jumped.  */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { NOTHING, BEFORE, AFTER, SHORT, WRONG };

static const char *root, *pattern, *op_wanted, *kind;
static long nth;
static atomic_long *counter;
static int trace = -1;
static __thread int inside;

__attribute__((constructor)) static void begin(void) {
    const char *file = getenv("FAULT_COUNTER"), *written = getenv("FAULT_TRACE");
    root = getenv("FAULT_ROOT");
    pattern = getenv("FAULT_PATH");
    op_wanted = getenv("FAULT_OP");
    kind = getenv("FAULT_KIND");
    nth = getenv("FAULT_NTH") ? atol(getenv("FAULT_NTH")) : 0;
    if (!root || !file) return;
    int fd = syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || syscall(SYS_ftruncate, fd, 64)) return;
    counter = mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    if (counter == MAP_FAILED) counter = NULL;
    if (written) trace = syscall(SYS_openat, AT_FDCWD, written, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static void wait_a_while(void) {
    struct timespec long_enough = {3, 0};
    nanosleep(&long_enough, NULL);
}

static int is(const char *name) { return !strcmp(kind, name); }

/* What is to become of this step.  A store that is gone, full or rotten stays so; other faults happen once. */
static int step(const char *op, const char *path) {
    if (!counter || inside || strncmp(path, root, strlen(root))) return NOTHING;
    if (trace >= 0) {
        char line[PATH_MAX + 64];
        int size = snprintf(line, sizeof line, "%s %s\n", op, path);
        syscall(SYS_write, trace, line, size);
        return NOTHING;
    }
    if (!kind || fnmatch(pattern, path, FNM_EXTMATCH)) return NOTHING;
    int lasts = is("gone") || is("full") || is("rotten"), same_op = !strcmp(op, op_wanted), reads = !strcmp(op, "read");
    long now = same_op ? atomic_fetch_add(counter, 1) + 1 : atomic_load(counter);
    if (lasts ? now < nth : (!same_op || now != nth)) return NOTHING;
    if (is("kill all")) kill(0, SIGKILL);
    if (is("kill one")) kill(getpid(), SIGKILL);
    if (is("clock")) { atomic_store(counter + 1, atol(getenv("FAULT_JUMP"))); return NOTHING; }
    if (is("hang")) { wait_a_while(); return NOTHING; }
    if (is("late")) return AFTER;
    if (is("short")) return SHORT;
    if (is("wrong bytes") || is("rotten")) return WRONG;
    if (is("full")) { if (reads) return NOTHING; errno = ENOSPC; return BEFORE; }
    errno = EIO;
    return BEFORE;
}

static int step_at(const char *op, int fd) {
    char link[64], path[PATH_MAX];
    if (!counter || inside) return NOTHING;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    if (size <= 0) return NOTHING;
    path[size] = 0;
    return step(op, path);
}

static long late(long result) {
    if (result >= 0) { errno = EIO; return -1; }
    return result;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* Calls with a descriptor. */
#define AT(op, type, name, args, call)                       \
    type name args {                                         \
        int fate = step_at(op, fd);                          \
        if (fate == BEFORE) return -1;                       \
        inside++;                                            \
        type result = NEXT(name) call;                       \
        inside--;                                            \
        return fate == AFTER ? late(result) : result;        \
    }

AT("sync", int, fsync, (int fd), (fd))
AT("sync", int, fdatasync, (int fd), (fd))
AT("sync", int, syncfs, (int fd), (fd))
AT("truncate", int, ftruncate, (int fd, off_t size), (fd, size))
AT("truncate", int, ftruncate64, (int fd, off64_t size), (fd, size))

#define WRITES(name, args, call, half)                       \
    ssize_t name args {                                      \
        int fate = step_at("write", fd);                     \
        if (fate == BEFORE) return -1;                       \
        inside++;                                            \
        ssize_t result = fate == SHORT && count > 1 ? NEXT(name) half : NEXT(name) call; \
        inside--;                                            \
        return fate == AFTER ? late(result) : result;        \
    }

WRITES(write, (int fd, const void *data, size_t count), (fd, data, count), (fd, data, count / 2))
WRITES(pwrite, (int fd, const void *data, size_t count, off_t at), (fd, data, count, at), (fd, data, count / 2, at))
WRITES(pwrite64, (int fd, const void *data, size_t count, off64_t at), (fd, data, count, at), (fd, data, count / 2, at))
WRITES(writev, (int fd, const struct iovec *data, int count), (fd, data, count), (fd, data, count / 2))

static ssize_t spoilt(int fate, void *data, ssize_t size) {
    if (fate == WRONG && size > 0) ((char *)data)[size / 2] ^= 1;
    return size;
}

#define READS(name, args, call, first)                       \
    ssize_t name args {                                      \
        int fate = step_at("read", fd);                      \
        if (fate == BEFORE) return -1;                       \
        inside++;                                            \
        ssize_t result = NEXT(name) call;                    \
        inside--;                                            \
        return fate == AFTER ? late(result) : spoilt(fate, first, result); \
    }

READS(read, (int fd, void *data, size_t count), (fd, data, count), data)
READS(pread, (int fd, void *data, size_t count, off_t at), (fd, data, count, at), data)
READS(pread64, (int fd, void *data, size_t count, off64_t at), (fd, data, count, at), data)
READS(readv, (int fd, const struct iovec *data, int count), (fd, data, count), data->iov_base)
READS(preadv, (int fd, const struct iovec *data, int count, off_t at), (fd, data, count, at), data->iov_base)
READS(preadv64, (int fd, const struct iovec *data, int count, off64_t at), (fd, data, count, at), data->iov_base)

/* Calls with a name. */
#define NAMED(op, name, args, path, call)                    \
    int name args {                                          \
        int fate = step(op, path);                           \
        if (fate == BEFORE) return -1;                       \
        inside++;                                            \
        int result = NEXT(name) call;                        \
        inside--;                                            \
        return fate == AFTER ? (int)late(result) : result;   \
    }

NAMED("name", rename, (const char *from, const char *to), to, (from, to))
NAMED("name", renameat, (int one, const char *from, int two, const char *to), to, (one, from, two, to))
NAMED("name", renameat2, (int one, const char *from, int two, const char *to, unsigned how), to, (one, from, two, to, how))
NAMED("name", link, (const char *from, const char *to), to, (from, to))
NAMED("make folder", mkdir, (const char *path, mode_t mode), path, (path, mode))
NAMED("remove", unlink, (const char *path), path, (path))
NAMED("remove", rmdir, (const char *path), path, (path))

#define OPENS(name)                                          \
    int name(const char *path, int flags, ...) {             \
        va_list more;                                        \
        va_start(more, flags);                               \
        mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0; \
        va_end(more);                                        \
        int fate = flags & O_CREAT ? step("make", path) : NOTHING; \
        if (fate == BEFORE) return -1;                       \
        inside++;                                            \
        int result = NEXT(name)(path, flags, mode);          \
        inside--;                                            \
        if (fate == AFTER && result >= 0) { syscall(SYS_close, result); errno = EIO; return -1; } \
        return result;                                       \
    }

OPENS(open)
OPENS(open64)

int openat64(int at, const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
    va_end(more);
    int fate = flags & O_CREAT ? step("make", path) : NOTHING;
    if (fate == BEFORE) return -1;
    inside++;
    int result = NEXT(openat64)(at, path, flags, mode);
    inside--;
    return result;
}

/* The clock of the day, which jumps for all processes together; the one that measures time goes on. */
int clock_gettime(clockid_t clock, struct timespec *told) {
    int result = syscall(SYS_clock_gettime, clock, told);
    if (counter && clock == CLOCK_REALTIME) told->tv_sec += atomic_load(counter + 1);
    return result;
}
