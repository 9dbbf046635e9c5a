package collection

import "polder.city/sensing"

// thing describes a container in the words of SensorThings, after the city's
// template for containers. The kinds of series that plans are made of are there
// for every container, also where no sensor hangs: drivers and residents observe too.
func (s *Service) thing(c *Container) sensing.ThingSpec {
	low, high := 0.0, MaxFill
	fraction := sensing.Unit{Name: "fraction", Symbol: "1", Definition: "http://qudt.org/vocab/unit/FRACTION"}
	property := sensing.PropertySpec{
		Name: "fill level", Definition: "http://qudt.org/vocab/quantitykind/DimensionlessRatio",
		Description: "Part of the container's volume that is in use: 0 empty, 1 full, above 1 beside it.",
	}
	series := func(kind, name, sensor, description string) sensing.DatastreamSpec {
		return sensing.DatastreamSpec{
			Key: SeriesKey(c.ID, kind), Kind: kind, Name: name, Description: description, ObservedProperty: property,
			Sensor: sensing.SensorSpec{Name: sensor, Description: description, Metadata: "none"},
			Unit:   fraction, Low: &low, High: &high,
		}
	}
	properties := map[string]any{"place": c.Place, "stream": c.Stream, "volumeLitres": c.VolumeLitres}
	if c.Sensor != "" {
		properties["sensor"] = c.Sensor
	}
	return sensing.ThingSpec{
		Key: c.ID, Kind: ContainerKind, District: c.District, Name: c.ID, Description: "Underground container, " + c.Address,
		Properties: properties,
		Location:   sensing.LocationSpec{Key: "place/" + c.Place, Name: c.Place, Description: c.Address, Point: c.Point},
		Datastreams: []sensing.DatastreamSpec{
			series(FillKind, "Fill level", "ultrasonic level sensor", "Fill as the sensor in the container measures it."),
			series(EmptyingKind, "Emptyings", "crane truck", "Fill that the crew found when it emptied the container."),
			series(ReportKind, "Reports", "residents", "A resident says that the container is full."),
			series(BlockedKind, "Failed stops", "crane truck", "The crew could not empty the container, for instance because a car stood before it."),
		},
	}
}
