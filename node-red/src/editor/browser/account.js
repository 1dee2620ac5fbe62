// The dialog of an account.

/** An account as its dialog holds it now. */
function dialogSettings(provider) {
	const settings = {};
	const credentials = {};
	for (const { name, kind, secret } of catalogOf(provider).connection) {
		const input = $(`#${inputs}-${name}`);
		(secret ? credentials : settings)[name] = kind === 'boolean' ? input.prop('checked') : input.val();
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
function reason(xhr, text) {
	if (xhr.status === 401 || xhr.status === 403) return text('account.denied');
	return (xhr.responseJSON && xhr.responseJSON.message) || `${xhr.status} ${xhr.statusText}`;
}

/** Settings that a node was saved without, as an earlier version did not have them: they have their defaults. */
function fillIn(node, fields, inputs) {
	for (const { name, kind, secret, initial } of fields) {
		if (secret || node[name] !== undefined) continue;
		node[name] = initial === undefined ? (kind === 'boolean' ? false : '') : initial;
		const input = $(`#node-config-input-${name}`);
		if (kind === 'boolean') input.prop('checked', node[name]);
		else input.val(String(node[name]));
	}
}

fleetwire.prepareAccount = (node, provider) => {
	fillIn(node, catalogOf(provider).connection, 'node-config-input');
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
			.fail((xhr) => show('bad', text('account.failed', { message: reason(xhr, text) })))
			.always(() => button.prop('disabled', false));
	});
};
