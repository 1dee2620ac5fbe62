// The dialog of an account.

const VARIABLE = /^\$\{(\S+)\}$/;
const isChosen = ({ kind }) => kind === 'boolean' || kind === 'choice';

/** The widget of a setting that is chosen: out of a list, or an environment variable. */
function makeChoice(node, provider, { name, kind, title, options }) {
	const text = words(provider);
	const [, variable] = VARIABLE.exec(node[name]) || [];
	const listed =
		kind === 'boolean'
			? ['false', 'true'].map((value) => ({ value, label: text(`account.${value}`) }))
			: options.map(({ value }) => ({ value, label: text(`connection.${name}.options.${value}`) }));
	const list = { value: 'list', label: title, icon: 'fa fa-list', options: listed };
	const input = $(`#node-config-input-${name}-value`).typedInput({ types: [list, 'env'] });
	nameWidget(input, text(`connection.${name}.title`), text);
	input.typedInput('type', variable ? 'env' : 'list');
	input.typedInput('value', variable || String(node[name]));
}

/** What is chosen, as it is stored. */
function readChoice({ name, kind, initial }) {
	const input = $(`#node-config-input-${name}-value`);
	const value = input.typedInput('value');
	if (input.typedInput('type') === 'env') return value === '' ? initial : `\${${value}}`;
	return kind === 'boolean' ? value === 'true' : value;
}

/** An account as its dialog holds it now. */
function dialogSettings(provider) {
	const settings = {};
	const credentials = {};
	for (const field of catalogOf(provider).connection) {
		const { name, secret } = field;
		const value = isChosen(field) ? readChoice(field) : $(`#node-config-input-${name}`).val();
		(secret ? credentials : settings)[name] = value;
	}
	for (const name of ['tls', 'proxy']) {
		const id = $(`#node-config-input-${name}`).val();
		settings[name] = id === '_ADD_' ? '' : id;
	}
	return { settings, credentials };
}

const post = (path, body) =>
	$.ajax({ url: path, type: 'POST', contentType: 'application/json', dataType: 'json', data: JSON.stringify(body) });

/** Why a route did not answer, in words. */
function reason(xhr, text, provider) {
	if (xhr.status === 401 || xhr.status === 403) return text('account.denied', { vendor: provider });
	return (xhr.responseJSON && xhr.responseJSON.message) || `${xhr.status} ${xhr.statusText}`;
}

/** Settings that a node was saved without, as an earlier version did not have them: they have their defaults. */
function fillIn(node, fields, inputs) {
	for (const { name, kind, secret, initial } of fields) {
		if (secret || node[name] !== undefined) continue;
		node[name] = initial === undefined ? (kind === 'boolean' ? false : '') : initial;
		const input = $(`#${inputs}-${name}`);
		if (kind === 'boolean') input.prop('checked', node[name]);
		else input.val(String(node[name]));
	}
}

fleetwire.saveAccount = (node, provider) => {
	for (const field of catalogOf(provider).connection) if (isChosen(field)) node[field.name] = readChoice(field);
};

fleetwire.prepareAccount = (node, provider) => {
	const { connection } = catalogOf(provider);
	fillIn(node, connection, 'node-config-input');
	for (const field of connection) if (isChosen(field)) makeChoice(node, provider, field);
	const text = words(provider);
	const baseUrl = $('#node-config-input-baseUrl');
	const notice = $('.fleetwire-http');
	const check = () => notice.toggle(/^http:\/\/(?!localhost|127\.)/i.test(String(baseUrl.val()).trim()));
	baseUrl.on('change keyup', check);
	check();

	const button = $('.fleetwire-test');
	const result = $('.fleetwire-result');
	const show = (kind, message) => result.attr('class', `fleetwire-result fleetwire-${kind}`).text(message);
	button.on('click', () => {
		button.prop('disabled', true);
		show('busy', text('account.testing'));
		post(`fleetwire/${provider}/test`, { id: node.id, ...dialogSettings(provider) })
			.done(({ ok, message }) => show(ok ? 'good' : 'bad', message))
			.fail((xhr) => show('bad', text('account.failed', { message: reason(xhr, text, provider) })))
			.always(() => button.prop('disabled', false));
	});
};
