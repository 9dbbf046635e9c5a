package web

import (
	"github.com/alexedwards/scs/v2"

	"polder.city/account"
	"polder.city/bus"
	"polder.city/city"
	"polder.city/collection"
	"polder.city/decision"
	"polder.city/decision/tlog"
	"polder.city/register"
	"polder.city/sensing"
)

// Domains are the parts of the city that pages read and forms write to.
type Domains struct {
	City       *city.City
	Collection *collection.Service
	Gate       *decision.Gate
	Register   *register.Register
	Log        *tlog.Log
	Sensing    *sensing.Store
	Accounts   *account.Accounts
	Sessions   *scs.SessionManager
	Bus        *bus.Bus
	// DemoSignIn are the demo's officials, "name · password", shown on the sign-in page. Empty in a real city.
	DemoSignIn []string
}

// domainPages registers the pages that show the city's parts, group by group.
func (s *Site) domainPages(d *Domains) {
	s.residents = s.residentPages(d)
	s.decisionPages(d)
	s.registerPages(d)
	s.logPages(d)
	s.sensorPages(d)
	s.dataPages(d)
	s.officialPages(d)
	s.driverPages()
}
