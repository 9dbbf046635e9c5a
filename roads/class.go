package roads

// classCount is the number of classes of streets.
const classCount = int(Ferry) + 1

// String returns the class as OpenStreetMap writes it.
func (c Class) String() string {
	names := [classCount]string{
		ClassUnknown: "unknown", Motorway: "motorway", MotorwayLink: "motorway_link", Trunk: "trunk",
		TrunkLink: "trunk_link", Primary: "primary", PrimaryLink: "primary_link", Secondary: "secondary",
		SecondaryLink: "secondary_link", Tertiary: "tertiary", TertiaryLink: "tertiary_link",
		Unclassified: "unclassified", Residential: "residential", LivingStreet: "living_street",
		Service: "service", Track: "track", Busway: "busway", Pedestrian: "pedestrian",
		Cycleway: "cycleway", Footway: "footway", Ferry: "ferry",
	}
	if int(c) >= classCount {
		return names[ClassUnknown]
	}
	return names[c]
}

// ParseClass is the inverse of [Class.String]; ok is false for a name that is no class.
func ParseClass(name string) (c Class, ok bool) {
	for c := Motorway; int(c) < classCount; c++ {
		if c.String() == name {
			return c, true
		}
	}
	return ClassUnknown, false
}
