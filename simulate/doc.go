// Package simulate plays a city: what residents throw into its underground
// containers hour by hour, what lifts take out, and what sensors, counters,
// bridges and car parks tell about it. A seed goes in, events and the truth come
// out. The package knows no city, no database and no HTTP: everything comes in by
// a [Config].
//
// The deposits of a container in an hour are a pure function of (seed, container,
// hour), so they are the same whatever a policy does about them: two policies
// compared on one seed meet the same waste. Only what follows from them, the
// level, is state, and a [World] carries it forward. Everything that is no waste
// (traffic, bridges, car parks, soil, pumps, greenhouses) is a pure function of
// (seed, thing, time) and has no state at all.
//
// Three ways to use it:
//
//   - [World.Advance] lives on from now to a time and emits what happened, for a
//     live demonstration and for studies of policies, which empty containers
//     themselves by [World.Empty];
//   - [World.Record] lives a long time at once and keeps it as a [History] of two
//     bytes an hour and container, which tells any part of it in any order;
//   - [Generate] lays out containers in a city that has none.
//
// The waste model (see collection.md, section 5, rule 1): residents come as a
// Poisson process whose rate follows the hour, the weekday, the month, a factor of
// the day that all containers of a stream share, and days that are not like
// others; what one brings is lognormal or triangular, times a factor of the
// container and the week. Above its refusal level a container takes no more: part
// of the bags goes to the next container of the stream, the rest stands beside it.
package simulate
