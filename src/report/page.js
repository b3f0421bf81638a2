'use strict';
/* Sorts and filters the table, opens the experiment that a link or the chart points to, and loads
 * a page again that somebody keeps writing. All it shows is text that is in the page already. */
(() => {
const one = (selector, from = document) => from.querySelector(selector);
const table = one('#experiments table'), body = table.tBodies[0], rows = [...body.rows];
const form = one('#filter'), words = one('input', form), count = one('output', form);
const kinds = [...form.querySelectorAll('fieldset input')];
const heads = [...table.tHead.rows[0].cells];
const line = row => [...row.cells].slice(0, 5).map(cell => cell.textContent).join(' ') + ' ' +
	one('summary', row).textContent;

/* --- Sorting: numbers by their exact value, all else as text; what is empty comes last. */
const value = (row, column) => {
	const cell = row.cells[column];
	if (column === 1)
		return cell.textContent;
	if (column === heads.length - 1)
		return one('summary', cell).textContent.toLowerCase();
	const text = cell.dataset.v ?? cell.textContent;
	return text === '' ? null : Number(text);
};
const sort = (column, direction) => {
	const sign = direction === 'ascending' ? 1 : -1;
	const keyed = rows.map((row, i) => [value(row, column), i, row]);
	keyed.sort(([a, i], [b, j]) =>
		a === b ? i - j : a === null ? 1 : b === null ? -1 : a < b ? -sign : sign);
	heads.forEach((head, i) => i === column ? head.setAttribute('aria-sort', direction)
		: head.removeAttribute('aria-sort'));
	body.append(...keyed.map(([, , row]) => row));
};
heads.forEach((head, column) => {
	const button = document.createElement('button');
	button.type = 'button';
	button.append(...head.childNodes);
	button.addEventListener('click', () => sort(column,
		head.getAttribute('aria-sort') === 'ascending' ? 'descending' : 'ascending'));
	head.append(button);
});

/* --- Filtering: by verdict, and by every word in what a line shows. */
let lines;
const filter = () => {
	const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
	const off = new Set(kinds.filter(box => !box.checked).map(box => box.value));
	let shown = 0;
	lines ||= rows.map(row => line(row).toLowerCase());
	rows.forEach((row, i) => {
		row.hidden = off.has(row.className) || !wanted.every(word => lines[i].includes(word));
		shown += !row.hidden;
	});
	count.value = shown === rows.length ? '' : `${shown} of ${rows.length} shown`;
};
let timer;
words.addEventListener('input', () => {
	clearTimeout(timer);
	timer = setTimeout(filter, rows.length > 1000 ? 150 : 0);
});
for (const box of kinds)
	box.addEventListener('change', filter);
form.addEventListener('submit', event => event.preventDefault());
form.hidden = false;
/* What a browser kept from before the page was loaded again. */
if (words.value || kinds.some(box => !box.checked))
	filter();

/* --- What is unfolded is dressed: facts as a list, the lines of a diff by what they do. */
const element = (name, text) => {
	const made = document.createElement(name);
	made.textContent = text;
	return made;
};
const lineTags = { '+': 'ins', '-': 'del', '@': 'i' };
const dress = row => {
	const facts = one('pre.facts', row), diff = one('pre[data-is^=diff]', row);
	if (!facts)
		return;
	const list = document.createElement('dl');
	list.className = 'facts';
	for (const fact of facts.textContent.trimEnd().split('\n')) {
		const [name, text] = fact.split('\t');
		list.append(element('dt', name), element('dd', text));
	}
	facts.replaceWith(list);
	diff?.replaceChildren(...diff.textContent.split(/(?<=\n)/).map(text =>
		/^(\+\+\+|---) /.test(text) || !lineTags[text[0]] ? text
			: element(lineTags[text[0]], text)));
};
body.addEventListener('toggle', event => {
	if (event.target.open)
		dress(event.target);
}, true);

/* --- An experiment that is pointed to. */
const open = row => {
	row.hidden = false;
	one('details', row).open = true;
	row.scrollIntoView();
};
const follow = () => {
	const row = /^#[eb]\w+$/.test(location.hash) && one(location.hash)?.closest('tr');
	if (row)
		open(row);
};
addEventListener('hashchange', follow);
follow();

/* --- The chart: the experiment under the pointer, in words; a click opens it. */
const chart = one('.chart'), point = one('#point'), { left, right, top, bottom, width, last } = chart.dataset;
const cursor = document.createElementNS(chart.namespaceURI, 'path');
const numbered = new Map(rows.filter(row => row.className !== 'baseline').map(row =>
	[Number(row.cells[0].textContent), row]));
cursor.setAttribute('class', 'cursor');
chart.append(cursor);
chart.parentNode.className = 'live';
const under = event => {
	const box = chart.getBoundingClientRect();
	const x = (event.clientX - box.left) * width / box.width;
	const number = Math.round((x - left) * last / (right - left));
	return numbered.get(Math.min(Math.max(number, 1), Number(last)));
};
const leave = () => {
	cursor.removeAttribute('d');
	point.textContent = '';
};
chart.addEventListener('pointermove', event => {
	const row = under(event);
	if (!row)
		return leave();
	const at = Number(left) + (right - left) * row.cells[0].textContent / last;
	cursor.setAttribute('d', `M${at} ${top}V${bottom}`);
	point.textContent = line(row);
});
chart.addEventListener('pointerleave', leave);
chart.addEventListener('click', event => {
	const row = under(event);
	if (row)
		open(row);
});

/* --- Somebody keeps writing it: loaded again, unless it is being read. */
if ('live' in document.body.dataset)
	setInterval(() => {
		if (!document.hidden && !one('details[open]') && !words.value &&
		    document.activeElement === document.body)
			location.reload();
	}, 5000);
})();
