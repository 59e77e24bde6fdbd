package octet_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Names of octet.h that this package does not use, and why. Everything else has to be used: the C compiler checks
// how, these tests check that.
var unused = map[string]string{
	"q_text":       "for strings of C; those of Go have a length",
	"runner":       "C may not call goroutines several at a time out of one call; the library's own threads serve",
	"runner_user":  "as runner",
	"arena":        "memory that C keeps may not be Go's",
	"arena_bytes":  "as arena: Measure and Info report the member of q_session_info",
	"allocator":    "memory that C keeps may not be Go's",
	"allocate":     "as allocator",
	"release":      "as allocator",
	"q_error.code": "equals the status that the call returned",
}

func header(t *testing.T) string {
	t.Helper()
	include, err := exec.Command("pkg-config", "--variable=includedir", "octet").Output()
	if err != nil {
		t.Fatalf("pkg-config: %v", err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(include)), "octet", "octet.h"))
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(string(text), "")
}

// sources is the text of all files of the package that are not tests.
func sources(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("*.[goch]*")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

func TestEveryFunctionOfTheHeaderIsUsed(t *testing.T) {
	code := sources(t)
	functions := regexp.MustCompile(`(?m)^[a-z][a-z0-9_ ]*[ *](q_[a-z0-9_]+)\(`).FindAllStringSubmatch(header(t), -1)
	if len(functions) < 40 {
		t.Fatalf("only %d functions found in the header", len(functions))
	}
	for _, match := range functions {
		name := match[1]
		used := regexp.MustCompile(`\b` + name + `\(`).MatchString(code)
		if _, listed := unused[name]; used == listed {
			t.Errorf("%s: used %v, listed as not used %v", name, used, listed)
		}
	}
}

func TestEveryConstantOfTheHeaderIsUsed(t *testing.T) {
	code := sources(t)
	constants := regexp.MustCompile(`(?m)^#define (Q_[A-Z0-9_]+) `).FindAllStringSubmatch(header(t), -1)
	if len(constants) < 25 {
		t.Fatalf("only %d constants found in the header", len(constants))
	}
	for _, match := range constants {
		if !regexp.MustCompile(`\b` + match[1] + `\b`).MatchString(code) {
			t.Errorf("%s is not used", match[1])
		}
	}
}

func TestEveryMemberOfTheHeaderIsUsed(t *testing.T) {
	used := map[string]bool{} // read or set in Go or C, or named in a literal
	use := regexp.MustCompile(`(?:\.|->)([a-z_0-9]+)|\b([a-z_0-9]+): `)
	for _, match := range use.FindAllStringSubmatch(sources(t), -1) {
		used[match[1]+match[2]] = true
	}
	definition := regexp.MustCompile(`(?s)typedef struct (q_[a-z_]+) \{(.*?)\} q_[a-z_]+;`)
	structs := definition.FindAllStringSubmatch(header(t), -1)
	if len(structs) < 20 {
		t.Fatalf("only %d structs found in the header", len(structs))
	}
	member := regexp.MustCompile(`\(\*([a-z_0-9]+)\)\(|([a-z_0-9]+)(?:\[[^;]*\])?;`)
	for _, match := range structs {
		members := member.FindAllStringSubmatch(match[2], -1)
		if len(members) == 0 {
			t.Fatalf("no members found in %s", match[1])
		}
		for _, found := range members {
			name := found[1] + found[2]
			_, listed := unused[name]
			_, listedHere := unused[match[1]+"."+name]
			if strings.HasPrefix(name, "reserved") || listed || listedHere || (match[1] == "q_allocator" && name == "user") {
				continue
			}
			if !used[name] {
				t.Errorf("%s.%s is not used", match[1], name)
			}
		}
	}
}
