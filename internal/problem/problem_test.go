package problem_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"polder.city/internal/problem"
)

func TestAProblemSaysWhereWhatAndTheWayOut(t *testing.T) {
	p := problem.New(problem.Invalid, "csv.line", "A fill of %v is too much.", 2).At("fills.csv:7").Do("Write a fraction.")
	if got := p.Error(); got != "fills.csv:7: A fill of 2 is too much. Write a fraction." {
		t.Fatal(got)
	}
	if problem.KindOf(fmt.Errorf("import: %w", p)) != problem.Invalid {
		t.Fatal("the kind is lost when wrapped")
	}
}

func TestNothingLeaksFromAnErrorThatIsNoProblem(t *testing.T) {
	w := httptest.NewRecorder()
	problem.WriteJSON(w, errors.New("password=secret at /etc"))
	if w.Code != 500 || strings.Contains(w.Body.String(), "secret") {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	w = httptest.NewRecorder()
	problem.WriteJSON(w, problem.New(problem.NotFound, "x.none", "There is no x.").At("x").Do("Use y.").Cause(errors.New("secret")))
	body := w.Body.String()
	if w.Code != 404 || strings.Contains(body, "secret") || !strings.Contains(body, "Use y.") || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Fatalf("%d %s", w.Code, body)
	}
}
