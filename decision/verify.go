package decision

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"polder.city/decision/tlog"
)

// maxBundle is the largest download that is read, in bytes.
const maxBundle = 64 << 20

// VerifyOptions are what [Verify] is given beside the download.
type VerifyOptions struct {
	// Key is the log's public key from a source that the reader trusts, as
	// C2SP signed-note writes it. Without it the download's own key is used, which
	// shows only that the file agrees with itself.
	Key string
	// Part is a part that was downloaded alone; it takes the place of the bundle's.
	Part []byte
}

// Report tells what was verified.
type Report struct {
	Steps      []Step // in order; the last one failed when Verify returned an error
	Number     int64
	Kind       string
	Subject    string
	DecidedAt  time.Time
	By         By
	Part       string // the part's id, empty when there is none
	Origin     string // the log's name
	Index      int64  // place in the log
	Size       int64  // leaves under the checkpoint
	Key        string // the public key that was used
	KeyTrusted bool   // it was given by the reader and did not come with the file
}

// The steps of verifying, in order.
const (
	StepFile      = "verify.file"      // the file is complete and in its one permitted form
	StepPart      = "verify.part"      // the part is one that the record commits to
	StepRecord    = "verify.record"    // the record is well-formed, and its log entry follows from it
	StepLog       = "verify.log"       // the entry stands in the log under the checkpoint
	StepSignature = "verify.signature" // the checkpoint is signed by the key
)

// Step is one step of verifying.
type Step struct {
	Code string
	OK   bool
	Err  error // what is wrong, when it is
}

// Text says in English what the step found.
func (s Step) Text() string {
	texts := map[string][2]string{
		StepFile:      {"The file is complete.", "The file is damaged or was changed"},
		StepPart:      {"The part belongs to the decision.", "The part does not belong to this decision"},
		StepRecord:    {"The decision is in order; its entry for the log follows from it.", "The decision was changed"},
		StepLog:       {"The entry stands in the log.", "The decision does not stand in the log"},
		StepSignature: {"The log is signed with the key.", "The log is not signed with the key"},
	}
	if s.OK {
		return texts[s.Code][0]
	}
	return fmt.Sprintf("%s: %v.", texts[s.Code][1], s.Err)
}

// Verify checks a downloaded decision with nothing but the file and the log's
// public key: the part in the record, the record in the log's entry, the entry under the checkpoint, the
// checkpoint's signature. It reads strictly: what another program might read
// otherwise is refused. The error is that of the step that failed.
func Verify(file []byte, o VerifyOptions) (Report, error) {
	v := verification{options: o}
	for _, step := range []struct {
		code string
		do   func() error
	}{
		{StepFile, func() error { return v.file(file) }},
		{StepPart, v.part},
		{StepRecord, v.entry},
		{StepLog, v.inclusion},
		{StepSignature, v.signature},
	} {
		if step.code == StepPart && v.bundle.Part == nil {
			continue
		}
		err := step.do()
		v.report.Steps = append(v.report.Steps, Step{step.code, err == nil, err})
		if err != nil {
			return v.report, fmt.Errorf("%s: %w", step.code, err)
		}
	}
	return v.report, nil
}

// verification is what the steps hand on to each other.
type verification struct {
	options VerifyOptions
	report  Report
	bundle  bundle
	record  Record
	leaf    []byte
	proof   tlog.Proof
}

// file reads the bundle. It may have been indented on the way, but canonical JSON of it must be of the one form.
func (v *verification) file(file []byte) error {
	if len(file) > maxBundle {
		return fmt.Errorf("the file is larger than %d bytes", maxBundle)
	}
	text, err := strictly(file)
	if err != nil {
		return err
	}
	if err := only(text, &v.bundle); err != nil {
		return err
	}
	if v.bundle.Format != bundleFormat {
		return fmt.Errorf("the format is %q, not %q", v.bundle.Format, bundleFormat)
	}
	if v.options.Part != nil {
		if v.bundle.Part, err = strictly(v.options.Part); err != nil {
			return fmt.Errorf("the part: %w", err)
		}
	}
	if err := only(v.bundle.Record, &v.record); err != nil {
		return fmt.Errorf("the record: %w", err)
	}
	if v.record.Format != recordFormat {
		return fmt.Errorf("the record's format is %q, not %q", v.record.Format, recordFormat)
	}
	r := v.record
	v.report.Number, v.report.Kind, v.report.Subject, v.report.DecidedAt, v.report.By = r.Number, r.Kind, r.Subject, r.DecidedAt, r.By
	return nil
}

// only decodes canonical JSON into v, and refuses it unless v holds all of it: no
// unknown field, no field under another spelling, nothing that would be written otherwise.
func only(text []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	again, err := canonical(v)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, text) {
		return errors.New("it holds something that the format does not have")
	}
	return nil
}

func (v *verification) part() error {
	var fields map[string]any // not a struct: that would read "ID" for "id"
	if err := json.Unmarshal(v.bundle.Part, &fields); err != nil {
		return err
	}
	id, _ := fields["id"].(string)
	if _, salted := fields["salt"].(string); id == "" || !salted {
		return errors.New("it has no id or no salt")
	}
	i := slices.IndexFunc(v.record.Parts, func(p PartHash) bool { return p.ID == id })
	if i < 0 {
		return fmt.Errorf("the record has no part %q", id)
	}
	if got := sha(v.bundle.Part); got != v.record.Parts[i].SHA256 {
		return fmt.Errorf("its SHA-256 is %s, and the record says %s", got, v.record.Parts[i].SHA256)
	}
	v.report.Part = id
	return nil
}

func (v *verification) entry() error {
	r := v.record
	if r.Number < 1 || r.Kind == "" || r.Subject == "" || r.By.Mandate == "" || r.DecidedAt.Nanosecond() != 0 {
		return errors.New("the record lacks its number, kind, subject, mandate or time")
	}
	ids := func(a, b PartHash) int { return strings.Compare(a.ID, b.ID) }
	if !slices.IsSortedFunc(r.Parts, ids) || len(slices.CompactFunc(slices.Clone(r.Parts), func(a, b PartHash) bool { return a.ID == b.ID })) != len(r.Parts) {
		return errors.New("the record's parts are out of order")
	}
	var err error
	v.leaf, err = logEntry("decision", r.Kind, r.By.Mandate, r.DecidedAt, v.bundle.Record)
	return err
}

func (v *verification) inclusion() error {
	var err error
	if v.proof, err = tlog.ParseProof([]byte(v.bundle.Proof)); err != nil {
		return err
	}
	origin, tree, err := v.proof.Tree()
	if err != nil {
		return err
	}
	if err := v.proof.Check(v.leaf, tree); err != nil {
		return err
	}
	v.report.Origin, v.report.Index, v.report.Size = origin, v.proof.Index, tree.N
	return nil
}

func (v *verification) signature() error {
	v.report.Key, v.report.KeyTrusted = v.bundle.Key, v.options.Key != ""
	if v.report.KeyTrusted {
		v.report.Key = v.options.Key
		if v.bundle.Key != v.options.Key {
			return fmt.Errorf("the file names the key %q", v.bundle.Key)
		}
	}
	return v.proof.Open(v.report.Key)
}
