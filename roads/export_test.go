package roads

import "github.com/paulmach/orb"

// Straight is a straight part of a way in a direction of driving.
type Straight struct {
	Way      int64
	From, To orb.Point
}

// Component returns the straight parts that a graph drives.
func (g *Graph) Component() map[Straight]bool {
	parts := map[Straight]bool{}
	for e := range int32(len(g.cost)) {
		line := g.edgePoints(e)
		for i := 1; i < len(line); i++ {
			if g.open[2*e] {
				parts[Straight{g.label[e].way, line[i-1], line[i]}] = true
			}
			if g.open[2*e+1] {
				parts[Straight{g.label[e].way, line[i], line[i-1]}] = true
			}
		}
	}
	return parts
}
