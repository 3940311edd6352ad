// receipt-judge RECEIPT VKEYFILE : checks a receipt or signed paper as a program in another language would, with
// golang.org/x/mod/sumdb/{note,tlog} and github.com/transparency-dev/merkle. rc 0 = ok, 1 = refused.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func die(f string, a ...any) { fmt.Fprintf(os.Stderr, "REFUSED "+f+"\n", a...); os.Exit(1) }

func must(err error) {
	if err != nil {
		die("%v", err)
	}
}

type line struct {
	Kind, Paper, Transfer, Checkpoint, Before, Entry, Salt string
	Number                                                 int
	Index                                                  int64
	Path                                                   any
	Record                                                 json.RawMessage
}

type act struct {
	About, Act, Digest string
	Facts              struct {
		Number int
		Body   string `json:"body_sha256"`
	}
}

// The head of a log: who signed it is asked of the note package.
func head(text string, v note.Verifier) tlog.Tree {
	n, err := note.Open([]byte(text), note.VerifierList(v))
	must(err)
	l := strings.Split(n.Text, "\n")
	if len(l) < 4 || l[0] != v.Name() {
		die("origin %q", l[0])
	}
	var t tlog.Tree
	fmt.Sscan(l[1], &t.N)
	t.Hash, err = tlog.ParseHash(l[2])
	must(err)
	return t
}

func hashes(told any) (hs []tlog.Hash, raw [][]byte) {
	for _, each := range told.([]any) {
		b, err := base64.StdEncoding.Strict().DecodeString(each.(string))
		must(err)
		if len(b) != 32 {
			die("a hash of %d bytes", len(b))
		}
		hs, raw = append(hs, tlog.Hash(b)), append(raw, b)
	}
	return
}

func main() {
	vk, err := os.ReadFile(os.Args[2])
	must(err)
	v, err := note.NewVerifier(strings.TrimSpace(string(vk)))
	must(err)
	f, err := os.Open(os.Args[1])
	must(err)
	body, issued, number, transfer, kind, entries := sha256.New(), "", 0, "", "receipt", 0
	var now tlog.Tree
	in := bufio.NewReaderSize(f, 1<<24)
	for {
		raw, err := in.ReadBytes('\n')
		if len(raw) == 0 {
			break
		}
		must(err)
		var l line
		must(json.Unmarshal(raw, &l))
		switch l.Kind {
		case "receipt":
			number, transfer = l.Number, l.Transfer
		case "paper":
			number, transfer, kind = l.Number, l.Transfer, l.Paper
		case "log":
			now = head(l.Checkpoint, v)
			old := head(l.Before, v)
			hs, b := hashes(l.Path)
			must(tlog.CheckTree(hs, now.N, now.Hash, old.N, old.Hash))
			must(proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(old.N), uint64(now.N), b, old.Hash[:], now.Hash[:]))
		case "entry":
			hs, b := hashes(l.Path)
			leaf := tlog.RecordHash([]byte(l.Entry))
			must(tlog.CheckRecord(hs, now.N, now.Hash, l.Index, leaf))
			must(proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(l.Index), uint64(now.N), leaf[:], b, now.Hash[:]))
			var entry, record act
			must(json.Unmarshal([]byte(l.Entry), &entry))
			must(json.Unmarshal(l.Record, &record))
			salt, err := hex.DecodeString(l.Salt)
			must(err)
			// The line is canonical JSON, and so is what it holds: the record's bytes are those that were salted.
			digest := sha256.Sum256(append(bytes.Clone(salt), l.Record...))
			if hex.EncodeToString(digest[:]) != entry.Digest || entry.About != record.About || entry.Act != record.Act {
				die("entry %d speaks of another record", l.Index)
			}
			if record.Act == kind+".issued" && record.About == transfer && record.Facts.Number == number {
				issued = record.Facts.Body
			}
			entries++
		}
		if now.N == 0 {
			body.Write(raw)
		}
	}
	if issued == "" || issued != hex.EncodeToString(body.Sum(nil)) {
		die("the log knows no receipt with these contents")
	}
	fmt.Printf("{\"entries\": %d, \"size\": %d}\n", entries, now.N)
}
