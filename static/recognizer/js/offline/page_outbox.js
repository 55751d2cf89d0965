import { gettext } from "../i18n.js";
import { Outbox } from "./outbox.js";
import { WaitingList } from "./waiting_list.js";
import { sentInWords } from "./words.js";

const TOGETHER_MS = 600;

/**
 * The outbox of a page with a [data-waiting] element, in which it shows what waits.
 *
 * @param toasts where to say what was sent or refused; @param handlers onSent(key, drawing), onRefused(key)
 */
export function openOutbox(toasts, { onSent = () => {}, onRefused = () => {} } = {}) {
  const element = document.querySelector("[data-waiting]");
  const { drawingsUrl, pageUrl, account } = element.dataset;
  const list = new WaitingList(element, {
    onSendNow: () => outbox.flushNow(),
    onTryAgain: (key) => outbox.tryAgain(key),
    onDelete: (key) => outbox.remove(key),
  });
  const tellOfSent = inOne((number) => toasts.success(sentInWords(number)));
  const outbox = new Outbox({ drawingsUrl, pageUrl }, account, {
    onSent(key, drawing) {
      tellOfSent();
      onSent(key, drawing);
    },
    onRefused({ key, refused }) {
      toasts.error(`${gettext("A drawing was not accepted.")} ${refused}`);
      onRefused(key);
    },
    onChange: (items, who) => list.show(items, who),
  });
  return outbox;
}

/** One call for several that come one after the other, with how many there were. */
function inOne(act) {
  let number = 0;
  let timer;
  return () => {
    number += 1;
    clearTimeout(timer);
    timer = setTimeout(() => {
      act(number);
      number = 0;
    }, TOGETHER_MS);
  };
}
