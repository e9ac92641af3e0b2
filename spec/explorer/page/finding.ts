/** What can be found by a few letters. */

/** Something that can be found. */
export interface Finding {
  /** What kind of thing it is, in a word. */
  readonly kind: string;
  /** What it is called. */
  readonly title: string;
  /** What else it says. */
  readonly detail: string;
  /** Goes there, or does it. */
  readonly act: () => void;
}

/** What has all words of a query, those first whose title begins with it. */
export function findingsFor(all: readonly Finding[], query: string): readonly Finding[] {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const found = all.filter(({ title, detail, kind }) => {
    const text = `${title} ${detail} ${kind}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const rank = ({ title }: Finding) => {
    const name = title.toLowerCase();
    const [first = ""] = words;
    return name === first ? 0 : name.startsWith(first) ? 1 : name.includes(first) ? 2 : 3;
  };
  return found.toSorted((a, b) => rank(a) - rank(b));
}
