package chart

import (
	"html/template"
	"math"
	"time"

	"polder.city/internal/message"
)

// Work is what a truck does in a block of time.
type Work uint8

// The kinds of work, each with its colour.
const (
	Drive Work = iota
	Serve
	Unload
	Break
)

var workClass = [...]string{"drive", "serve", "unload", "break"}

// Block is a stretch of time of a truck; Text says what it is, for who points at it.
type Block struct {
	Work     Work
	From, To time.Time
	Text     string
}

// Lane is a truck's day.
type Lane struct {
	Name, Text string // "K1", "62 containers, 7 uur 40"
	Blocks     []Block
}

// Timeline shows trucks under one another over the hours of a day.
type Timeline struct {
	Head
	From, To time.Time
	Now      time.Time // a line; the zero time: none
	Lanes    []Lane
	// Names of the four kinds of work, as the key above the lanes: drive, serve, unload, break.
	Words [4]string
}

// SVG draws the timeline, 960 wide and as high as it has lanes.
func (l Timeline) SVG(p *message.Printer) template.HTML {
	const left, right, top, row = 150.0, 20.0, 34.0, 46.0
	c := newCanvas(l.Head, 960, top+row*float64(len(l.Lanes))+28, "wide", false)
	if !l.To.After(l.From) {
		return c.done()
	}
	x := timeScale(l.From, l.To, left, c.w-right)
	key := left
	for i, words := range l.Words {
		c.block(Work(i), key, 6, 14, 12, "")
		c.text(key+20, 16, "start", "", words)
		key += 36 + 8*float64(len([]rune(words)))
	}
	bottom := c.h - 26
	hours := int(l.To.Sub(l.From).Hours())
	step := time.Duration(max(1, (hours+9)/10)) * time.Hour
	first := l.From.Truncate(time.Hour)
	if first.Before(l.From) {
		first = first.Add(time.Hour)
	}
	for at := first; !at.After(l.To); at = at.Add(step) {
		c.line("grid", math.Round(x(at))+0.5, top-6, math.Round(x(at))+0.5, bottom)
		c.text(x(at), bottom+18, "middle", "mute", formatTime(p, "clock", at))
	}
	for i, lane := range l.Lanes {
		y := top + row*float64(i)
		c.text(0, y+15, "start", "strong", lane.Name)
		c.text(0, y+32, "start", "mute", lane.Text)
		for _, b := range lane.Blocks {
			c.block(b.Work, x(b.From), y, max(1, x(b.To)-x(b.From)), 30, b.Text)
		}
	}
	if l.Now.After(l.From) && l.Now.Before(l.To) {
		c.line("capacity", x(l.Now), top-8, x(l.Now), bottom)
		c.text(x(l.Now), top-12, "middle", "act", formatTime(p, "clock", l.Now))
	}
	return c.done()
}

// block draws work so that it differs in shape as well as colour: driving is a thin line, serving a full block,
// unloading a block with a notch's height less, a break an open frame.
func (c *canvas) block(w Work, x, y, width, height float64, text string) {
	switch w {
	case Drive:
		y, height = y+height*0.36, height*0.28
	case Unload:
		y, height = y+height*0.16, height*0.68
	}
	c.rect(workClass[w], x, y, width, height, text)
}
