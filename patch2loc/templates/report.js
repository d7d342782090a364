// A click on a head sorts its table; a second click reverses the order. Empty cells go last.
document.querySelectorAll('table.sortable').forEach(table => {
  table.querySelectorAll('thead button').forEach(button => button.addEventListener('click', () => {
    const head = button.closest('th'), column = head.cellIndex, body = table.tBodies[0];
    const order = head.getAttribute('aria-sort');
    const down = order === 'none' ? head.dataset.first === 'down' : order === 'ascending';
    const value = row => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
    const number = row => value(row) === '' ? NaN : Number(value(row));
    const numeric = [...body.rows].every(row => value(row) === '' || !isNaN(number(row)));
    const rows = [...body.rows].sort((a, b) => {
      if (!numeric) return (down ? -1 : 1) * value(a).localeCompare(value(b), 'en', {numeric: true});
      if (isNaN(number(a)) || isNaN(number(b))) return isNaN(number(a)) - isNaN(number(b));
      return (down ? -1 : 1) * (number(a) - number(b));
    });
    head.parentNode.querySelectorAll('th').forEach(th => th.setAttribute('aria-sort', 'none'));
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    body.append(...rows);
  }));
});

// A slider shows one slice of a view.
document.querySelectorAll('.slices').forEach(view => {
  const range = view.querySelector('input'), images = view.querySelectorAll('img'), caption = view.querySelector('output');
  const show = () => images.forEach((image, k) => {
    image.hidden = k !== Number(range.value);
    if (!image.hidden) caption.textContent = image.alt;
  });
  range.addEventListener('input', show);
  show();
});

// The printed page holds the folded tables, too.
window.addEventListener('beforeprint', () => document.querySelectorAll('details').forEach(part => part.open = true));
