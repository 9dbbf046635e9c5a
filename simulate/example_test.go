package simulate_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/paulmach/orb"
	"polder.city/simulate"
)

// A village lives a week: containers are laid out, the planner empties them by
// need, and what happened is told day by day, the newest first.
func Example() {
	var corners []orb.Point
	for i := range 400 {
		corners = append(corners, orb.Point{9.50 + float64(i%20)*0.002, 47.10 + float64(i/20)*0.002})
	}
	city := simulate.Defaults()
	city.Seed = 1
	city.Start = time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)
	city.Streams = simulate.DutchStreams()
	var err error
	city.Containers, err = simulate.Generate(city.Seed, 40, "V", simulate.DutchMix(), corners)
	if err != nil {
		log.Fatal(err)
	}
	world, err := simulate.New(city)
	if err != nil {
		log.Fatal(err)
	}
	history, err := world.Record(context.Background(), city.Start.AddDate(0, 0, 7), nil)
	if err != nil {
		log.Fatal(err)
	}
	for day := 6; day >= 5; day-- {
		from := city.Start.AddDate(0, 0, day)
		count := map[simulate.Kind]int{}
		err := history.Observations(context.Background(), from, from.AddDate(0, 0, 1), func(e simulate.Event) { count[e.Kind]++ })
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %d readings\n", from.Format("Monday"), count[simulate.Fill])
	}
	fmt.Println("lifts:", len(history.Emptyings()))

	// A truck empties one more, live.
	id := city.Containers[0].ID
	before, kg, err := world.Empty(id, world.Now())
	if err != nil {
		log.Fatal(err)
	}
	after, err := world.Truth(id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %.0f %% full, %d kg lifted, %.0f %% left\n", id, 100*before, kg, 100*after)
	// Output:
	// Sunday: 596 readings
	// Saturday: 596 readings
	// lifts: 17
	// V001-R: 31 % full, 99 kg lifted, 4 % left
}
