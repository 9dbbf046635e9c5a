package web

import (
	"testing"

	"polder.city/internal/message"
	"polder.city/internal/message/messagetest"
)

func TestPagesAskOnlyForMessagesThatTheCatalogueHas(t *testing.T) {
	cat, err := message.Load()
	if err != nil {
		t.Fatal(err)
	}
	messagetest.Templates(t, cat, templateFiles, "templates")
	messagetest.Go(t, cat, ".")
}
