/** What the page is, what the signs mean, and which keys there are. */
import { keyHelp } from "./keyboard.ts";
import { RoleSign } from "./signs.tsx";

/** Keys and help. */
export function HelpDialog() {
  return (
    <div class="help">
      <p>
        This page runs the very code that production runs, one step at a time. Under <b>Next</b>{" "}
        is all that can happen; take anything. The address of the page is your run: copy it, and it opens just
        here again.
      </p>
      <h3>Roles and terms</h3>
      <p class="roles">
        <span>
          <RoleSign role="F" term={1} size={26} /> follower
        </span>
        <span>
          <RoleSign role="P" term={1} size={26} /> pre-candidate
        </span>
        <span>
          <RoleSign role="C" term={2} size={26} /> candidate
        </span>
        <span>
          <RoleSign role="L" term={3} size={26} /> leader
        </span>
      </p>
      <p>
        The number is the term, and each term has a colour. A shape tells the role, so that colour is never
        the only sign.
      </p>
      <h3>Keys</h3>
      <table class="keys">
        <tbody>
          {keyHelp.map(([keys, what]) => (
            <tr key={keys}>
              <th scope="row">{keys.split("  ").map((key) => <kbd key={key}>{key}</kbd>)}</th>
              <td>{what}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <h3>The notation</h3>
      <p>
        <code>a!</code> a timer of a fires · <code>a&gt;b</code> a message from a to b arrives ·{" "}
        <code>a~b</code> it is lost · <code>a+b</code> it is duplicated · <code>a=x</code>{" "}
        a client proposes x at a · <code>a?</code> a read · <code>a^</code> a crashes and restarts ·{" "}
        <code>_</code> at the end: the write is held back · <code>a*</code>{" "}
        the disk of a takes the oldest held write · <code>a/</code> a compacts its log · <code>a@b</code>{" "}
        a hands leadership to b · <code>a&amp;a,b,(c)</code>{" "}
        a is asked for the voters a and b and the learner c
      </p>
    </div>
  );
}
