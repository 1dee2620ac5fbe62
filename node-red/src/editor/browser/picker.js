// Lists out of the account - devices, sub-accounts - for the fields that name one or several of them.

/** Lists that were fetched, by account and name; the runtime keeps them for five minutes too. */
const lists = new Map();
const LIST_MS = 5 * 60_000;
/** More rows than this make a list slow, and nobody reads them. */
const ROWS = 200;

/** The account that the dialog names. @throws a sentence where there is none yet */
function chosenAccount(text) {
	const id = String($('#node-input-account').val() || '');
	// Within a subflow, an account may be one of its properties: its default is the one that can be asked.
	const [, name] = VARIABLE.exec(id) || [];
	const { env = [] } = (name && RED.nodes.subflow(open.node.z)) || {};
	const { value } = env.find((one) => one.name === name) || {};
	const account = RED.nodes.node(name ? value : id);
	if (!account) throw new Error(name ? text('picker.noDefault', { name }) : text('picker.noAccount'));
	return account;
}

/** A list of the chosen account; rejects with a sentence. */
async function fetchList(provider, name) {
	const account = chosenAccount(words(provider));
	const key = `${account.id} ${name}`;
	const kept = lists.get(key);
	// An account that was changed but not deployed is only known here: send it along.
	if (kept && kept.until > Date.now() && !account.changed) return kept.list;
	const asked = account.changed
		? post(`fleetwire/${provider}/lookup/${name}`, { id: account.id, ...accountSettings(provider, account) })
		: post(`fleetwire/${provider}/lookup/${encodeURIComponent(account.id)}/${name}`, {});
	const list = new Promise((resolve, reject) => {
		asked
			.done((answer) => (answer.ok ? resolve(answer.choices) : reject(new Error(answer.message))))
			.fail((xhr) => reject(new Error(reason(xhr, words(provider), provider))));
	});
	lists.set(key, { list, until: Date.now() + LIST_MS });
	list.catch(() => lists.delete(key));
	return list;
}

function accountSettings(provider, account) {
	const settings = { tls: account.tls, proxy: account.proxy };
	const credentials = {};
	for (const { name, secret } of catalogOf(provider).connection) {
		if (secret) credentials[name] = account.credentials && account.credentials[name];
		else settings[name] = account[name];
	}
	return { settings, credentials };
}

const ALL = '*';
const valuesIn = (field, text) => readList(text, field.parting).map(String);
const matches = (choice, search) => `${choice.title} ${choice.value}`.toLowerCase().includes(search.toLowerCase());

/** A field's text with a value picked, or put back where it was. "All" and single ones exclude each other. */
function toggled(field, text, value) {
	if (field.kind !== 'ids') return writeList([value], field.parting);
	const values = new Set(valuesIn(field, text));
	if (value === ALL) return values.has(value) ? '' : value;
	values.delete(ALL);
	if (!values.delete(value)) values.add(value);
	return writeList([...values], field.parting);
}

/**
 * What is being typed in a field, and the values in front of it: where several may be named, the last one is completed.
 */
function typing(field, text) {
	if (/^\s*\[/.test(text)) return undefined;
	const parts = valuesIn(field, `${text}|`);
	return { search: parts.pop().slice(0, -1).trim(), before: parts };
}

/** The picker's type of value: text that completes itself from the list, and a button that shows the list. */
function pickerType(provider, field) {
	const text = words(provider);
	const many = field.kind === 'ids';
	const all = { value: ALL, title: text('picker.all') };

	const complete = (value, done) => {
		const typed = typing(field, value);
		if (typed === undefined) return done([]);
		const { search, before } = typed;
		fetchList(provider, field.lookup)
			.then((list) => {
				const found = (field.all && before.length === 0 ? [all, ...list] : list).filter(
					(choice) => matches(choice, search) && choice.value !== search && !before.includes(choice.value),
				);
				done(
					found.slice(0, 50).map((choice) => ({
						value: writeList([...before, choice.value], field.parting),
						label: choice.title,
					})),
				);
			})
			.catch(() => done([]));
	};

	const type = {
		value: 'list',
		label: text('request.picked'),
		icon: many ? 'fa fa-list-ul' : 'fa fa-crosshairs',
		autoComplete: (value, done) => complete(value, done),
	};
	type.expand = function () {
		openList(this, { provider, field, many, all });
	};
	return type;
}

/** The list below a field: search, and a row for each choice. */
function openList(input, { provider, field, many, all }) {
	const text = words(provider);
	const content = $('<div class="fleetwire-list-panel">');
	const search = $('<input type="text">')
		.attr({ placeholder: text('picker.search'), 'aria-label': text('picker.search') })
		.appendTo($('<div class="fleetwire-list-search">').appendTo(content));
	const rows = $('<div class="fleetwire-list-rows" role="listbox">')
		.attr({ 'aria-multiselectable': many, 'aria-label': field.title })
		.appendTo(content);
	const say = (message, bad) =>
		rows.empty().append(
			$('<div class="fleetwire-list-note">')
				.toggleClass('fleetwire-bad', bad === true)
				.text(message),
		);
	const panel = RED.popover.panel(content);
	panel.container.width(Math.max(320, input.uiSelect.width()));

	const options = () => rows.children('[role="option"]');
	const icons = many ? ['fa-square-o', 'fa-check-square-o'] : ['fa-circle-o', 'fa-dot-circle-o'];
	/** Shows what is picked. The rows stay, and so does the focus. */
	const mark = () => {
		const chosen = new Set(valuesIn(field, input.value()));
		options().each((_, row) => {
			const picked = chosen.has($(row).data('value'));
			$(row)
				.attr('aria-selected', picked)
				.find('i')
				.attr('class', `fa ${icons[Number(picked)]}`);
		});
	};
	const choose = (value) => {
		input.value(toggled(field, input.value(), value));
		if (many) return mark();
		panel.hide();
		input.focus();
	};
	/** One row is in the order of tabs; arrow keys go to the others. */
	const go = (place) => {
		const all = options();
		const row = all.eq(Math.max(0, Math.min(place, all.length - 1)));
		all.attr('tabindex', -1);
		row.attr('tabindex', 0).trigger('focus');
	};

	const render = (list) => {
		const found = list.filter((choice) => matches(choice, search.val()));
		if (field.all && search.val() === '') found.unshift(all);
		if (found.length === 0) return say(text(list.length === 0 ? 'picker.empty' : 'picker.nothing'));
		rows.empty();
		for (const [place, { value, title }] of found.slice(0, ROWS).entries())
			$('<button type="button" class="fleetwire-list-row" role="option">')
				.attr('tabindex', place === 0 ? 0 : -1)
				.data('value', value)
				.append('<i aria-hidden="true">', $('<span>').text(title))
				.on('click', () => choose(value))
				.appendTo(rows);
		mark();
		if (found.length > ROWS)
			$('<div class="fleetwire-list-note">')
				.text(text('picker.more', { count: found.length - ROWS }))
				.appendTo(rows);
	};

	content.on('keydown', (event) => {
		const place = options().index(document.activeElement);
		const to = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: Infinity }[event.key];
		if (to !== undefined && (place >= 0 || event.key === 'ArrowDown')) {
			event.preventDefault();
			if (to < 0) search.trigger('focus');
			else go(to);
		}
		if (event.key !== 'Escape') return;
		// Closed here: the editor would look for the parents of what is gone by then.
		event.stopPropagation();
		panel.hide();
		input.focus();
	});
	say(text('picker.loading'));
	// Opened before the list has come, so that the wait is seen.
	panel.show({ target: input.uiSelect, align: 'right' });
	search.trigger('focus');
	fetchList(provider, field.lookup)
		.then((list) => {
			search.on('input', () => render(list));
			render(list);
		})
		.catch((error) => say(error.message, true));
}
