// Replaces the list only if it has changed, so that focus and scroll position stay.
const list = document.getElementById("mails");

async function refresh() {
  if (document.hidden) return;
  try {
    const response = await fetch(location.href);
    if (!response.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById("mails");
    if (fresh.innerHTML !== list.innerHTML) list.innerHTML = fresh.innerHTML;
  } catch {
    // The runtime is stopped or restarting: the next round will show.
  }
}

setInterval(refresh, 2000);
document.addEventListener("visibilitychange", refresh);
document.querySelector("form").addEventListener("submit", (event) => {
  if (!confirm("Delete all mails?")) event.preventDefault();
});
