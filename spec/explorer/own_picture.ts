/** The picture that a spec draws of its own state. */
import type { Model, State } from "../checker/model.ts";

/** The picture, or why there is none. */
export type OwnPicture =
  | {
    /** There is one. */
    readonly type: "image";
    /** Its URL, for an `<img>`: an image loads nothing and runs nothing, whatever is in it. */
    readonly url: string;
  }
  | {
    /** The spec went wrong as it drew. */
    readonly type: "problem";
    /** How. */
    readonly message: string;
  };

/** The picture that a spec draws of a state; null if it draws none. */
export function ownPicture(model: Model, state: State): OwnPicture | null {
  if (model.picture === undefined) return null;
  try {
    return { type: "image", url: `data:image/svg+xml,${encodeURIComponent(model.picture(state))}` };
  } catch (error) {
    return { type: "problem", message: error instanceof Error ? error.message : String(error) };
  }
}
