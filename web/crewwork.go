package web

import (
	"fmt"
	"net/http"
	"time"

	"polder.city/account"
	"polder.city/collection"
	"polder.city/internal/problem"
)

// crewWork is what an official reads of the trucks: who drives by which version, what cannot be emptied, what crews met.
type crewWork struct {
	Trucks  []string
	Out     []outLine
	Notices []crewNotice
}

type outLine struct{ Container, What, Meta string }

type crewNotice struct {
	ID        int64
	Container string
	What      []string
	At        time.Time
}

func (s *Site) crewWork(r *http.Request, d *Domains) (crewWork, error) {
	var w crewWork
	p := s.printer(r)
	name := func(truck string) string { return s.residents.truckName(p, truck) }
	day := d.Collection.Today().Format(collection.DayLayout)
	trucks, err := d.Collection.CrewTrucks(r.Context(), day)
	if err != nil {
		return w, err
	}
	plan, err := d.Collection.PlanOf(r.Context(), day)
	if err != nil {
		return w, err
	}
	for _, c := range trucks {
		text := p.T("work.crew.version", "truck", name(c.Truck), "time", c.StartedAt, "version", c.Version)
		if plan != nil && plan.State == collection.Decided && plan.Version > c.Version {
			text += " " + p.T("work.crew.old", "version", plan.Version)
		}
		w.Trucks = append(w.Trucks, text)
	}
	out, err := d.Collection.ContainersOut(r.Context())
	if err != nil {
		return w, err
	}
	for _, o := range out {
		w.Out = append(w.Out, outLine{
			o.Container, p.T("work.crew.out", "reason", p.T("driver.reason."+string(o.Reason))), p.T("work.crew.out_text", "truck", name(o.Truck), "time", o.At),
		})
	}
	notices, err := d.Collection.CrewNotices(r.Context(), 100)
	if err != nil {
		return w, err
	}
	for _, a := range notices {
		n := crewNotice{ID: a.ID, Container: a.Container, At: a.At}
		say := func(text string) {
			n.What = append(n.What, p.T("work.crew.truck", "truck", name(a.Truck), "text", text))
		}
		if a.OtherTruck != "" {
			say(p.T("work.crew.twice", "container", a.Container, "other", name(a.OtherTruck)))
		}
		if a.Beside != "" {
			say(p.T("work.crew.beside", "container", a.Container, "what", p.T("driver.beside."+string(a.Beside))))
		}
		if a.Reason == collection.NoTime {
			say(p.T("work.crew.no_time", "container", a.Container))
		}
		w.Notices = append(w.Notices, n)
	}
	return w, nil
}

// mustHandle returns the official who may close what crews report.
func (d *Domains) mustHandle(r *http.Request) (account.Account, error) {
	who, err := d.must(r)
	if err == nil && who.Role == account.Alderman {
		err = problem.New(problem.Forbidden, "crew.role", "This role reads what crews report and does not handle it.")
	}
	return who, err
}

func (s *Site) readCrewNotice(r *http.Request, d *Domains) (any, error) {
	who, err := d.mustHandle(r)
	if err != nil {
		return nil, err
	}
	id, err := number(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if err := d.Collection.ReadCrewNotice(r.Context(), id); err != nil {
		return nil, err
	}
	if err := d.Accounts.Audit(r.Context(), who.Actor(), "crew.read", fmt.Sprintf("crew:%d", id), "ok"); err != nil {
		return nil, err
	}
	return nil, seeOther("/werk")
}

func (s *Site) repaired(r *http.Request, d *Domains) (any, error) {
	who, err := d.mustHandle(r)
	if err != nil {
		return nil, err
	}
	id := r.PathValue("id")
	if err := d.Collection.Repaired(r.Context(), id); err != nil {
		return nil, err
	}
	if err := d.Accounts.Audit(r.Context(), who.Actor(), "container.repaired", "container:"+id, "ok"); err != nil {
		return nil, err
	}
	return nil, seeOther("/werk")
}
