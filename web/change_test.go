package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"polder.city/account"
	"polder.city/collection"
)

const changePath = "/plannen/2026-11-25/wijzigen"

// container returns a container that tomorrow's plan empties, or leaves.
func (o *office) container(t *testing.T, planned bool) string {
	t.Helper()
	plan, err := o.d.Collection.PlanOf(t.Context(), "2026-11-25")
	if err != nil {
		t.Fatal(err)
	}
	outcomes, err := o.d.Collection.Outcomes(t.Context(), plan.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range outcomes {
		if x.Planned == planned {
			return x.Container
		}
	}
	t.Fatal("there is none")
	return ""
}

func TestAPlannerSeesWhatAChangeCostsAndDecides(t *testing.T) {
	o := newOffice(t)
	o.signIn(t, "planner")
	id := o.container(t, true)
	if _, _, body := o.open(t, "/containers/"+id, nil); !strings.Contains(body, changePath+"?container="+id) {
		t.Error("the container's page does not lead a planner to the change")
	}
	if _, _, body := o.open(t, changePath+"?container="+id, nil); !strings.Contains(body, `value="`+id+`"`) {
		t.Error("the container is not filled in")
	}
	reason := "Er staat een steiger <voor> de container."
	_, _, body := o.open(t, changePath, url.Values{"container": {strings.ToLower(id)}, "wat": {"forbid"}, "reden": {reason}})
	if !strings.Contains(words(body), "We rekenen het uit") {
		t.Fatalf("after asking: %s", words(body))
	}
	o.answer(t)
	_, _, body = o.open(t, changePath+"?vraag=1", nil)
	for _, need := range []string{"Zonder de verandering", "Beslis dit", "minder", id + " blijft die dag staan"} {
		if !strings.Contains(words(body), need) {
			t.Errorf("without %q: %s", need, words(body))
		}
	}
	if _, _, before := o.open(t, "/containers/"+id, nil); strings.Contains(before, "steiger") {
		t.Error("a change that is not confirmed is told")
	}
	_, at, body := o.open(t, changePath, url.Values{"besluit": {"1"}})
	if at != "/plannen/2026-11-25" || !strings.Contains(words(body), "Dit plan geldt") || !strings.Contains(body, "Er staat een steiger &lt;voor&gt; de container.") {
		t.Fatalf("deciding leads to %s: %s", at, words(body))
	}
	for path, need := range map[string]string{
		"/containers/" + id: "Omdat een planner hem die dag laat staan", "/en/containers/" + id: "Because a planner leaves it that day",
		"/besluiten/2": "Een planner wilde iets anders", "/besluiten": "kiest anders dan het advies",
	} {
		if _, _, body := o.open(t, path, nil); !strings.Contains(words(body), need) || strings.Contains(body, "⟦") {
			t.Errorf("%s: without %q: %s", path, need, words(body))
		}
	}
	if _, _, body := o.open(t, "/containers/"+id, nil); !strings.Contains(body, "Er staat een steiger &lt;voor&gt; de container.") {
		t.Error("the container's page does not tell the reason")
	}
	if status, _, _ := o.open(t, changePath, url.Values{"besluit": {"1"}}); status != http.StatusConflict {
		t.Errorf("deciding twice: status %d", status)
	}
	if status, _, _ := o.open(t, whatIfPath+"?vraag=1", nil); status != http.StatusNotFound {
		t.Errorf("a change as a what-if: status %d", status)
	}
}

func TestAWrongChangeNamesItsField(t *testing.T) {
	o := newOffice(t)
	o.signIn(t, "planner")
	id := o.container(t, true)
	good := url.Values{"container": {id}, "wat": {"forbid"}, "reden": {"Er staat een steiger voor."}}
	for field, wrong := range map[string]string{"container": "XXX-1", "wat": "", "wagen": "T9", "reden": "Zo."} {
		form := url.Values{}
		for k, v := range good {
			form[k] = v
		}
		form.Set(field, wrong)
		if field == "wagen" {
			form.Set("wat", "move")
		}
		status, _, body := o.open(t, changePath, form)
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, `href="#f-`+field+`"`) || !strings.Contains(body, `id="e-`+field+`"`) {
			t.Errorf("%s: status %d: %s", field, status, words(body))
		}
	}
	for _, path := range []string{"/plannen/2026-11-24/wijzigen", "/plannen/2026-11-23/wijzigen"} { // has begun, is past
		if status, _, _ := o.open(t, path, good); status != http.StatusConflict {
			t.Errorf("%s: status %d", path, status)
		}
	}
}

func TestOnlyAPlannerChangesAPlan(t *testing.T) {
	o := newOffice(t)
	id := o.container(t, true)
	form := url.Values{"container": {id}, "wat": {string(collection.WishForbid)}, "reden": {"Er staat een steiger voor."}}
	if _, at, _ := o.open(t, changePath, form); at != "/inloggen" {
		t.Errorf("a resident gets to %s", at)
	}
	o.signIn(t, "planner")
	if status, _, _ := o.open(t, changePath, form); status != http.StatusOK {
		t.Fatal("the planner's own change is refused")
	}
	o.answer(t)
	for _, role := range officialRoles {
		if role == account.Planner {
			continue
		}
		o.fresh(t)
		o.signIn(t, string(role))
		for _, f := range []url.Values{nil, form, {"besluit": {"1"}}} {
			if status, _, _ := o.open(t, changePath, f); status != http.StatusForbidden {
				t.Errorf("%s, %v: status %d", role, f, status)
			}
		}
	}
	if wishes, err := o.d.Collection.Wishes(t.Context(), "2026-11-25"); err != nil || len(wishes) != 0 {
		t.Errorf("wishes %v, %v", wishes, err)
	}
}

func TestAChangeIsDecidedByKeyboardAlone(t *testing.T) {
	o := newOffice(t)
	id := o.container(t, false)
	b := newBrowser(t, o)
	b.signIn("planner")
	b.do(chromedp.Navigate(o.address + changePath + "?container=" + id))
	b.looks("change-ask")
	b.tabTo("pin")
	b.press(" ")
	b.tabTo("f-reden")
	b.press("Er is zaterdag markt.", "\t", "\r")
	b.reads("We rekenen het uit")
	o.answer(t)
	b.reads("Beslis dit")
	b.looks("change-answer")
	b.tabTo("f-besluit")
	b.press("\r")
	b.reads("Wat koos de planner zelf?")
	b.looks("change-plan")
	b.do(chromedp.Navigate(o.address + "/containers/" + id))
	b.reads("Er is zaterdag markt.")
	b.looks("change-container")
}
