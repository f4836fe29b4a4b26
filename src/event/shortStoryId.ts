/**
 * A story's id as short as people read and type it: its end, for ids that sort by time begin alike.
 */

/** Shorter ends would soon be those of other stories, too. */
export const fewestCharacters = 6

/** The shortest end of an id that `isTaken` does not say to be another story's, of 6 characters or more. */
export const shortStoryId = (id: string, isTaken: (end: string) => boolean = () => false): string => {
  for (let length = fewestCharacters; length < id.length; length++) {
    const end = endOf(id, length)
    if (!isTaken(end)) return end
  }
  return id
}

/** The end of that length, and one more where it would begin within a character. */
const endOf = (id: string, length: number): string =>
  id.slice(/[\udc00-\udfff]/.test(id[id.length - length] ?? "") ? -length - 1 : -length)
