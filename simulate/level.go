package simulate

// Level is what a container holds at a moment.
type Level struct {
	Fill   float64 // fraction of the volume
	Beside float64 // litres that stand beside it
}

// Levels appends the level of every container at Now to into, in the Config's order: the truth, for a judge.
func (w *World) Levels(into []Level) []Level {
	for i := range w.levels {
		w.live(i, int32(w.now-w.rates.hour*3600))
		into = append(into, Level{float64(w.levels[i].fill) / float64(w.m.containers[i].volume), float64(w.levels[i].beside) / 1000})
	}
	return into
}
