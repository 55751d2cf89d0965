/**
 * Lets the site work offline, where the browser can: over https, or on this very machine.
 *
 * @param url of the service worker; "" takes away one that was there, for developers
 */
export function install(url) {
  if (!navigator.serviceWorker) {
    return;
  }
  if (url === "") {
    navigator.serviceWorker.getRegistrations().then((all) => all.forEach((one) => one.unregister()));
    return;
  }
  const register = () =>
    navigator.serviceWorker.register(url, { updateViaCache: "none" }).catch((error) => {
      console.warn(`This page will not open offline: ${error.message}`);
    });
  // What the page itself needs comes first.
  if (document.readyState === "complete") {
    register();
  } else {
    window.addEventListener("load", register, { once: true });
  }
}
