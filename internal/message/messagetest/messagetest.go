// Package messagetest checks that templates and Go files ask the catalogue only for
// messages that it has, with the parameters that they need.
package messagetest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"

	"polder.city/internal/message"
)

// call is one place that asks for a message.
type call struct {
	where   string
	key     string // a key, or a pattern where parts are computed
	pattern bool
	params  []string
	open    bool // some parameters' names are computed, too
}

// Templates fails the test for each call of t and th in the templates below dir of
// fsys whose message or parameters are not in the catalogue. A computed key, as in
// (printf "reason.%s" .Code), must fit one message at least, and give what all that fit need.
func Templates(t *testing.T, cat *message.Catalogue, fsys fs.FS, dir string) {
	t.Helper()
	calls, err := templateCalls(fsys, dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(calls) == 0 {
		t.Fatalf("no template below %s asks for a message", dir)
	}
	for _, c := range calls {
		for _, wrong := range c.check(cat) {
			t.Errorf("%s: %s", c.where, wrong)
		}
	}
}

// Go fails the test likewise for the calls of T, HTML and Text in the Go files of a folder, tests left out.
func Go(t *testing.T, cat *message.Catalogue, dir string) {
	t.Helper()
	calls, err := goCalls(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range calls {
		for _, wrong := range c.check(cat) {
			t.Errorf("%s: %s", c.where, wrong)
		}
	}
}

// check returns what is wrong with a call.
func (c call) check(cat *message.Catalogue) []string {
	if !c.pattern {
		need, ok := cat.Params(c.key)
		if !ok {
			return []string{fmt.Sprintf("there is no message %q", c.key)}
		}
		return c.compare(c.key, need, true)
	}
	fits := regexp.MustCompile("^" + c.key + "$")
	var wrong []string
	any := false
	for _, key := range cat.Keys() {
		if fits.MatchString(key) {
			any = true
			need, _ := cat.Params(key)
			wrong = append(wrong, c.compare(key, need, false)...)
		}
	}
	if !any {
		return []string{fmt.Sprintf("no message fits %q", c.key)}
	}
	return wrong
}

func (c call) compare(key string, need []string, exact bool) []string {
	if c.open {
		return nil
	}
	var wrong []string
	for _, p := range need {
		if !slices.Contains(c.params, p) {
			wrong = append(wrong, fmt.Sprintf("the message %q needs %q", key, p))
		}
	}
	for _, p := range c.params {
		if exact && !slices.Contains(need, p) {
			wrong = append(wrong, fmt.Sprintf("the message %q has no parameter %q", key, p))
		}
	}
	return wrong
}

// verbs are what stands for a computed part in printf's format.
var verbs = regexp.MustCompile(`%[sdv]`)

// asPattern makes a regular expression of a format whose verbs are parts of a key without dots.
func asPattern(format string) string {
	parts := verbs.Split(format, -1)
	for i, p := range parts {
		parts[i] = regexp.QuoteMeta(p)
	}
	return strings.Join(parts, `[^.]+`)
}

func templateCalls(fsys fs.FS, dir string) ([]call, error) {
	names, err := fs.Glob(fsys, dir+"/*.html")
	if err != nil {
		return nil, err
	}
	var calls []call
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		tree := parse.New(name)
		tree.Mode = parse.SkipFuncCheck
		trees := map[string]*parse.Tree{}
		if _, err := tree.Parse(string(text), "", "", trees); err != nil {
			return nil, err
		}
		for _, sub := range trees {
			if sub.Root != nil {
				walk(sub, sub.Root, &calls)
			}
		}
	}
	return calls, nil
}

// walk finds the commands t and th below a node.
func walk(tree *parse.Tree, n parse.Node, calls *[]call) {
	branch := func(b *parse.BranchNode) {
		walk(tree, b.Pipe, calls)
		walk(tree, b.List, calls)
		if b.ElseList != nil {
			walk(tree, b.ElseList, calls)
		}
	}
	switch n := n.(type) {
	case *parse.ListNode:
		for _, sub := range n.Nodes {
			walk(tree, sub, calls)
		}
	case *parse.ActionNode:
		walk(tree, n.Pipe, calls)
	case *parse.IfNode:
		branch(&n.BranchNode)
	case *parse.RangeNode:
		branch(&n.BranchNode)
	case *parse.WithNode:
		branch(&n.BranchNode)
	case *parse.TemplateNode:
		if n.Pipe != nil {
			walk(tree, n.Pipe, calls)
		}
	case *parse.PipeNode:
		for _, cmd := range n.Cmds {
			walk(tree, cmd, calls)
		}
	case *parse.CommandNode:
		if id, ok := n.Args[0].(*parse.IdentifierNode); ok && (id.Ident == "t" || id.Ident == "th") && len(n.Args) > 1 {
			where, _ := tree.ErrorContext(n)
			if c, ok := templateCall(n.Args[1], n.Args[2:]); ok {
				c.where = where
				*calls = append(*calls, c)
			}
		}
		for _, arg := range n.Args {
			walk(tree, arg, calls)
		}
	}
}

func templateCall(key parse.Node, args []parse.Node) (call, bool) {
	var c call
	switch key := key.(type) {
	case *parse.StringNode:
		c.key = key.Text
	case *parse.PipeNode:
		cmd := key.Cmds[0]
		id, isFunc := cmd.Args[0].(*parse.IdentifierNode)
		if !isFunc || id.Ident != "printf" || len(cmd.Args) < 2 {
			return c, false
		}
		format, ok := cmd.Args[1].(*parse.StringNode)
		if !ok {
			return c, false
		}
		c.key, c.pattern = asPattern(format.Text), true
	default:
		return c, false // handed in whole: the Go file that made it is checked
	}
	for i := 0; i < len(args); i += 2 {
		if name, ok := args[i].(*parse.StringNode); ok {
			c.params = append(c.params, name.Text)
		} else {
			c.open = true
		}
	}
	return c, true
}

// keyLike is what a literal first argument must look like to be a message's key.
var keyLike = regexp.MustCompile(`^[a-z]+(\.[A-Za-z0-9_-]+)*\.?$`)

func goCalls(dir string) ([]call, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	set := token.NewFileSet()
	var calls []call
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			e, ok := n.(*ast.CallExpr)
			if !ok || len(e.Args) == 0 {
				return true
			}
			sel, ok := e.Fun.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "T" && sel.Sel.Name != "HTML" && sel.Sel.Name != "Text" {
				return true
			}
			if c, ok := goCall(e); ok {
				c.where = set.Position(e.Pos()).String()
				calls = append(calls, c)
			}
			return true
		})
	}
	return calls, nil
}

func goCall(e *ast.CallExpr) (call, bool) {
	format, whole, ok := goKey(e.Args[0])
	if !ok || !keyLike.MatchString(strings.ReplaceAll(format, "%s", "x")) || !strings.Contains(format, ".") {
		return call{}, false
	}
	c := call{key: format, open: e.Ellipsis.IsValid()}
	if !whole {
		c.key, c.pattern = asPattern(format), true
	}
	args := e.Args[1:]
	for i := 0; i < len(args); i += 2 {
		if name, ok := literal(args[i]); ok {
			c.params = append(c.params, name)
		} else {
			c.open = true
		}
	}
	return c, true
}

// goKey reads a key: a literal, or literals and computed parts joined by +, as a format.
func goKey(e ast.Expr) (format string, whole, ok bool) {
	if s, ok := literal(e); ok {
		return s, true, true
	}
	b, isSum := e.(*ast.BinaryExpr)
	if !isSum || b.Op != token.ADD {
		return "%s", false, true
	}
	left, wholeLeft, _ := goKey(b.X)
	right, wholeRight, _ := goKey(b.Y)
	return left + right, wholeLeft && wholeRight, true
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}
