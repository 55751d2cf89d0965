import { gettext } from "./i18n.js";
import { fileIn, PictureError, toDataUrl } from "./upload_picture.js";

const unexpected = () => gettext("That picture could not be opened. Try another one.");

/**
 * Takes a picture that somebody chooses, takes with a camera, drops or pastes, and shows it on the pad.
 *
 * @param elements {button, input, paper, shown}: the file input, the paper to drop on, the <img>
 * @param handlers onPicture(dataUrl), onError(message)
 */
export class Upload {
  #elements;
  #handlers;
  #newest = null;

  constructor(elements, handlers) {
    this.#elements = elements;
    this.#handlers = handlers;
    const { button, input } = elements;
    button.addEventListener("click", () => input.click());
    input.addEventListener("change", () => this.#choose());
    this.#listenForDrops();
    document.addEventListener("paste", (event) => this.#paste(event));
  }

  /** What lies on the pad: a picture, or strokes that have no `image`. */
  show({ image }) {
    const { shown } = this.#elements;
    shown.hidden = !image;
    if (!image) {
      shown.removeAttribute("src");
    } else if (shown.getAttribute("src") !== image) {
      shown.src = image;
    }
  }

  #choose() {
    const { input } = this.#elements;
    this.#take(fileIn(input.files));
    input.value = ""; // So that the same file can be chosen again.
  }

  // Anywhere on the page: a file that misses the paper would open instead of the site.
  #listenForDrops() {
    document.addEventListener("dragenter", (event) => this.#drag(event));
    document.addEventListener("dragover", (event) => this.#drag(event));
    document.addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) {
        this.#setDropping(false);
      }
    });
    document.addEventListener("drop", (event) => {
      this.#setDropping(false);
      if (holdsFiles(event.dataTransfer)) {
        event.preventDefault();
        this.#take(fileIn(event.dataTransfer.files));
      }
    });
  }

  #drag(event) {
    if (holdsFiles(event.dataTransfer)) {
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      this.#setDropping(true);
    }
  }

  #setDropping(isDropping) {
    this.#elements.paper.classList.toggle("is-dropping", isDropping);
  }

  #paste(event) {
    const file = fileIn(event.clipboardData?.files);
    if (file && !document.querySelector("dialog[open]")) {
      event.preventDefault();
      this.#take(file);
    }
  }

  /** Of two pictures the one given last counts, whichever opens first. */
  async #take(file) {
    if (file === null) {
      return;
    }
    this.#newest = file;
    this.#elements.button.setAttribute("aria-busy", "true");
    try {
      const image = await toDataUrl(file);
      if (this.#newest === file) {
        this.#handlers.onPicture(image);
      }
    } catch (error) {
      if (this.#newest === file) {
        this.#handlers.onError(error instanceof PictureError ? error.message : unexpected());
      }
    } finally {
      if (this.#newest === file) {
        this.#elements.button.removeAttribute("aria-busy");
      }
    }
  }
}

function holdsFiles(transfer) {
  return Array.from(transfer?.types ?? []).includes("Files");
}
