/**
 * A copy of a map. `new Map(map)` makes a list of two for each entry on its way: three times the memory, and twice the time.
 */
export const mapCopy = <K, V>(map: ReadonlyMap<K, V>): Map<K, V> => {
  const copy = new Map<K, V>()
  // Nor are there lists of two where only the keys are asked for; each of them has a value.
  for (const key of map.keys()) copy.set(key, map.get(key) as V)
  return copy
}
