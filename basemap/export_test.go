package basemap

// Fresh returns the same map with an empty cache.
func Fresh(m *Map) *Map { return New(m.network, m.districts) }
