import type { Field } from '../../../core/describe/field';
import type { Provider } from '../../../core/describe/provider';
import { requestSettings } from '../request-settings';
import { MIGRATIONS, newestVersion, type Migrations } from '../migrations';
import { accountType, requestType, storeSetting, triggerType } from '../types';

const PACKAGE = '@fleetwire/node-red-fleet';

const escape = (text: string) => text.replace(/[&<>"]/g, (sign) => `&#${String(sign.charCodeAt(0))};`);
const js = (value: unknown) => JSON.stringify(value).replace(/</g, '\\u003c');

const ICONS: Readonly<Record<string, string>> = {
	baseUrl: 'fa-globe',
	account: 'fa-user',
	secret: 'fa-key',
	secretType: 'fa-lock',
	rateLimit: 'fa-tachometer',
	processes: 'fa-clone',
	allowCommands: 'fa-bolt',
	allowPrivateAddresses: 'fa-home',
	allowWebLinks: 'fa-link',
	tls: 'fa-certificate',
	proxy: 'fa-random',
	overload: 'fa-inbox',
	mostWaiting: 'fa-list-ol',
	sendWithin: 'fa-hourglass-half',
};
const icon = (name: string) => `<i class="fa ${ICONS[name] ?? 'fa-cog'}" aria-hidden="true"></i> `;

/** One setting of an account, or of a node beside its parameters. */
function settingRow(name: string, field: Field, of: 'connection' | 'setting' = 'connection'): string {
	const id = `node-${of === 'connection' ? 'config-' : ''}input-${name}`;
	const title = `<span data-i18n="${of}.${name}.title"></span>`;
	const hint = `<div class="fleetwire-hint" id="${id}-hint" data-i18n="${of}.${name}.description"></div>`;
	const about = `aria-describedby="${id}-hint"`;
	const { kind, options = [], placeholder = '', secret } = field;
	if (of === 'setting' && kind === 'boolean')
		return row(
			`<label for="${id}" class="fleetwire-wide"><input type="checkbox" id="${id}" ${about}> ${title}</label>${hint}`,
		);
	// What an account chooses may be an environment variable too: its widget keeps that apart from what is stored.
	const own = of === 'connection' && (kind === 'boolean' || kind === 'choice') ? `${id}-value` : id;
	const form = `type="${secret ? 'password' : 'text'}"${kind === 'number' ? ' inputmode="numeric" class="fleetwire-number"' : ''}`;
	const input =
		of === 'setting' && kind === 'choice'
			? `<select id="${id}" ${about}>${options.map(({ value }) => `<option value="${escape(value)}" data-i18n="${of}.${name}.options.${escape(value)}"></option>`).join('')}</select>`
			: `<input id="${own}" ${form} ${about} placeholder="${escape(placeholder)}">`;
	const notice =
		name === 'baseUrl'
			? '<div class="form-tips fleetwire-http" style="display:none" data-i18n="account.http"></div>'
			: '';
	return row(`<label for="${own}">${icon(name)}${title}</label>${input}${hint}${notice}`);
}

const row = (content: string) => `\t<div class="form-row">${content}</div>`;
const select = (name: string, options: readonly string[], words = 'request') =>
	`<select id="node-input-${name}">${options.map((option) => `<option value="${option}" data-i18n="${words}.${option}"></option>`).join('')}</select>`;
const labelled = (name: string, image: string, input: string, words = 'request') =>
	`<label for="node-input-${name}"><i class="fa ${image}" aria-hidden="true"></i> <span data-i18n="${words}.${name}"></span></label>${input}`;
const hint = (name: string, words: string) =>
	`<div class="fleetwire-hint" id="node-input-${name}-hint" data-i18n="${words}.${name}Hint"></div>`;
const hinted = (name: string) => ` aria-describedby="node-input-${name}-hint"`;
/** What the chosen operation or event is; a change of it is read out. */
const about = (name: string) =>
	`<div class="fleetwire-hint fleetwire-about" id="node-input-${name}-hint" role="status"></div>`;
/** A row that is only shown where it makes sense. */
const only = (name: string, content: string) =>
	`\t<div class="fleetwire-${name}">${content.startsWith('\t') ? content.trim() : row(content).trim()}</div>`;

function accountForm(provider: Provider): string {
	return [
		row(
			'<label for="node-config-input-name"><i class="fa fa-tag" aria-hidden="true"></i> <span data-i18n="account.name"></span></label><input type="text" id="node-config-input-name" data-i18n="[placeholder]account.namePlaceholder">',
		),
		...Object.entries(provider.connection).map(([name, field]) => settingRow(name, field)),
		...['tls', 'proxy'].map((name) =>
			row(
				`<label for="node-config-input-${name}">${icon(name)}<span data-i18n="account.${name}"></span></label><input type="text" id="node-config-input-${name}">`,
			),
		),
		row(
			'<button type="button" class="red-ui-button fleetwire-test"><i class="fa fa-plug" aria-hidden="true"></i> <span data-i18n="account.test"></span></button> <span class="fleetwire-result" role="status"></span><div class="fleetwire-hint fleetwire-left" data-i18n="account.testNote"></div>',
		),
	].join('\n');
}

function requestForm(): string {
	return [
		row(labelled('account', 'fa-building-o', '<input type="text" id="node-input-account">')),
		row(labelled('resource', 'fa-folder-open-o', '<select id="node-input-resource"></select>')),
		row(
			`${labelled('operation', 'fa-play-circle-o', `<select id="node-input-operation"${hinted('operation')}></select>`)}${about('operation')}`,
		),
		'\t<div class="form-tips fleetwire-notice" role="status" style="display:none"></div>',
		'\t<div class="fleetwire-params"></div>',
		'\t<hr class="fleetwire-rule">',
		only('output', labelled('output', 'fa-sign-out', select('output', ['simplified', 'raw', 'worldmap']))),
		only('list-result', labelled('result', 'fa-envelope-o', select('result', ['message', 'record']))),
		only(
			'list',
			`${labelled('limit', 'fa-hand-paper-o', `<input type="number" min="0" step="1" id="node-input-limit"${hinted('limit')}>`)}${hint('limit', 'request')}`,
		),
		row(
			`${labelled('timeout', 'fa-clock-o', `<input type="number" min="0" id="node-input-timeout"${hinted('timeout')}>`)}${hint('timeout', 'request')}`,
		),
		...Object.entries(requestSettings).map(([name, field]) =>
			only(`setting-${name}`, settingRow(name, field, 'setting')),
		),
		row(labelled('name', 'fa-tag', '<input type="text" id="node-input-name">')),
	].join('\n');
}

const hasQueue = ({ triggers }: Provider) => triggers.some(({ queue }) => queue);

const QUEUE_DEFAULTS = `acknowledge: { value: 'sent' },
		acknowledgeWithin: { value: 10, validate: function (v, opt) { return fleetwire.checkMinutes(PROVIDER, v, opt); } },
		`;

function triggerForm(provider: Provider): string {
	const { leastSeconds } = provider.limits.poll;
	const number = (name: string, least: number) =>
		`<input type="number" min="${String(least)}" id="node-input-${name}" aria-describedby="node-input-${name}-hint">`;
	const own = (name: string, image: string, input: string) => labelled(name, image, input, 'trigger');
	return [
		row(labelled('account', 'fa-building-o', '<input type="text" id="node-input-account">')),
		row(
			`${own('event', 'fa-bell-o', `<select id="node-input-event"${hinted('event')}></select>`)}${about('event')}`,
		),
		'\t<div class="fleetwire-params"></div>',
		'\t<hr class="fleetwire-rule">',
		row(`${own('interval', 'fa-refresh', number('interval', leastSeconds))}${hint('interval', 'trigger')}`),
		only('output', labelled('output', 'fa-sign-out', select('output', ['simplified', 'worldmap']))),
		only('list-result', labelled('result', 'fa-envelope-o', select('result', ['record', 'message'], 'trigger'))),
		...(hasQueue(provider)
			? [
					'\t<div class="fleetwire-queue">',
					row(
						`${own('acknowledge', 'fa-check-square-o', select('acknowledge', ['sent', 'operation'], 'trigger').replace('>', `${hinted('acknowledge')}>`))}${hint('acknowledge', 'trigger')}`,
					),
					only(
						'within',
						`${own('acknowledgeWithin', 'fa-hourglass-half', number('acknowledgeWithin', 1))}${hint('acknowledgeWithin', 'trigger')}`,
					),
					'\t</div>',
				]
			: []),
		only(
			'store',
			`${own('store', 'fa-database', '<select id="node-input-store" aria-describedby="node-input-store-hint"></select>')}${hint('store', 'trigger')}`,
		),
		row(labelled('name', 'fa-tag', '<input type="text" id="node-input-name">')),
	].join('\n');
}

/** The `defaults` of an account, one literal entry for each setting that is no secret. */
function settingDefault(name: string, { initial, kind, required }: Field): string {
	const value = js(initial ?? '');
	if (kind === 'number')
		return `${name}: { value: ${value}, required: ${String(required)}, validate: function (v, opt) { return fleetwire.checkNumber(PROVIDER, ${js(name)}, v, opt); } }`;
	// Accounts that were stored before there was a choice have none, and mean the initial one.
	const needed = required && kind !== 'boolean' && kind !== 'choice';
	return `${name}: { value: ${value}${needed ? ', required: true' : ''} }`;
}

/** The version that a node is stored with, and the settings that only nodes of earlier versions have. */
function version(type: string, { [type]: steps = [] }: Migrations): string {
	const retired = steps.flatMap(({ retired = [] }) => retired.map((name) => `${name}: { value: undefined },\n\t\t`));
	return `${retired.join('')}version: { value: ${String(newestVersion(steps))}, validate: function (v, opt) { return fleetwire.checkVersion('${type}', PROVIDER, v, opt); } }`;
}

/**
 * The html of one vendor's nodes. The definitions are literal, because the Flow Library reads type, colour and icon out
 * of the text; what they do is in resources/editor.js, which all vendors share.
 */
export function pageOf(
	provider: Provider,
	{ color, icon: image }: { color: string; icon: string },
	migrations: Migrations = MIGRATIONS,
): string {
	const settings = Object.entries(provider.connection);
	const secrets = settings.filter(([, { secret }]) => secret);
	const name = js(provider.name);
	const [first] = provider.operations;
	const literal = (text: string) => text.replaceAll('PROVIDER', name);
	return literal(`<script src="resources/${PACKAGE}/${provider.name}.js"></script>
<script src="resources/${PACKAGE}/editor.js"></script>

<script type="text/html" data-template-name="${accountType(provider)}">
<div class="fleetwire">
${accountForm(provider)}
</div>
</script>

<script type="text/html" data-template-name="${requestType(provider)}">
<div class="fleetwire">
${requestForm()}
</div>
</script>

<script type="text/html" data-template-name="${triggerType(provider)}">
<div class="fleetwire">
${triggerForm(provider)}
</div>
</script>

<script type="text/javascript">
RED.nodes.registerType('${accountType(provider)}', {
	category: 'config',
	defaults: {
		name: { value: '' },
		${settings
			.filter(([, { secret }]) => !secret)
			.map(([key, field]) => settingDefault(key, field))
			.join(',\n\t\t')},
		tls: { value: '', type: 'tls-config', required: false },
		proxy: { value: '', type: 'http proxy', required: false },
		${version(accountType(provider), migrations)}
	},
	credentials: {
		${secrets.map(([key]) => `${key}: { type: 'password', required: true }`).join(',\n\t\t')}
	},
	label: function () { return this.name || this.account || this._('palette.account'); },
	oneditprepare: function () { fleetwire.prepareAccount(this, PROVIDER); },
	oneditsave: function () { fleetwire.saveAccount(this, PROVIDER); }
});

RED.nodes.registerType('${requestType(provider)}', {
	category: 'fleet',
	color: '${color}',
	icon: '${image}',
	inputs: 1,
	outputs: 1,
	paletteLabel: '${provider.title}',
	defaults: {
		name: { value: '' },
		account: { value: '', type: '${accountType(provider)}', required: true },
		resource: { value: '${first?.resource ?? ''}' },
		operation: { value: '${first?.name ?? ''}', validate: function (v, opt) { return fleetwire.checkOperation(this, PROVIDER, opt); } },
		params: { value: {}, validate: function (v, opt) { return fleetwire.checkParams(this, PROVIDER, v, opt); } },
		output: { value: 'simplified' },
		result: { value: 'message' },
		${Object.entries(requestSettings)
			.map(
				([key, field]) =>
					`${key}: { value: ${js(field.initial ?? '')}${field.kind === 'number' ? `, validate: function (v, opt) { return fleetwire.checkSetting(${js(key)}, v, opt); }` : ''} },`,
			)
			.join('\n\t\t')}
		limit: { value: '', validate: function (v, opt) { return fleetwire.checkCount(this, 'limit', v, opt); } },
		timeout: { value: '', validate: function (v, opt) { return fleetwire.checkCount(this, 'timeout', v, opt); } },
		${version(requestType(provider), migrations)}
	},
	label: function () { return this.name || fleetwire.labelOf(this, PROVIDER) || '${provider.title}'; },
	labelStyle: function () { return this.name ? 'node_label_italic' : ''; },
	outputLabels: ['records'],
	oneditprepare: function () { fleetwire.prepareRequest(this, PROVIDER); },
	oneditsave: function () { fleetwire.saveRequest(this, PROVIDER); },
	oneditcancel: function () { fleetwire.leaveRequest(); }
});

RED.nodes.registerType('${triggerType(provider)}', {
	category: 'fleet',
	color: '${color}',
	icon: '${image}',
	inputs: 1,
	outputs: 1,
	paletteLabel: '${provider.title} trigger',
	defaults: {
		name: { value: '' },
		account: { value: '', type: '${accountType(provider)}', required: true },
		event: { value: '${provider.triggers[0]?.name ?? ''}', validate: function (v, opt) { return fleetwire.checkEvent(this, PROVIDER, opt); } },
		params: { value: {}, validate: function (v, opt) { return fleetwire.checkFilters(this, PROVIDER, v, opt); } },
		interval: { value: ${String(provider.limits.poll.seconds)}, validate: function (v, opt) { return fleetwire.checkInterval(this, PROVIDER, v, opt); } },
		output: { value: 'simplified' },
		result: { value: 'record' },
		outputs: { value: 1 },
		${hasQueue(provider) ? QUEUE_DEFAULTS : ''}store: { value: RED.settings.${storeSetting(provider)} || '' },
		${version(triggerType(provider), migrations)}
	},
	button: {
		enabled: function () { return !this.changed; },
		onclick: function () { fleetwire.pollNow(this, PROVIDER); }
	},
	label: function () { return this.name || fleetwire.labelOfTrigger(this, PROVIDER) || '${provider.title} trigger'; },
	labelStyle: function () { return this.name ? 'node_label_italic' : ''; },
	inputLabels: 'poll, pause, resume, reset',
	outputLabels: ['events', 'trigger unwell'],
	oneditprepare: function () { fleetwire.prepareTrigger(this, PROVIDER); },
	oneditsave: function () { fleetwire.saveTrigger(this, PROVIDER); },
	oneditcancel: function () { fleetwire.leaveTrigger(); }
});
</script>
`);
}
