/* A one-time code comes after the sign # of its link, where no server and no log ever sees it. */

const code = location.hash.slice(1);
const field = document.querySelector("[data-from-fragment]");
if (field && code) {
  field.value = decodeURIComponent(code);
  history.replaceState(null, "", location.pathname);
}
