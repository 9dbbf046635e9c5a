// Package study is the judge of collection policies: it lets each of them collect in a simulated city and measures
// what that takes and what residents meet.
//
// A [World] is what everybody may know of a city: containers, trucks, travel times, prices. [Run] lives it from a seed
// under a [Policy], which sees each morning what sensors and emptyings have shown ([Morning]) and
// answers with routes; the truth stays with the judge, which drives the routes (travel, handling, unloading, breaks), empties what
// they reach and counts ([Measures]). All policies get the same forecasts, the same solver and the
// same effort, and on one seed they meet the same deposits (common random numbers), so that two are
// compared by their paired differences ([Compare]).
//
// Worlds and seeds stand in worlds.yaml and were frozen before any policy was tuned (collection.md, section 5).
package study
