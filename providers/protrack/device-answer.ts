import type { Outcome } from '../../core/describe/records';

/**
 * What a device's own words say about a command. The document shows a single answer (section 2.6); what trackers say
 * beyond that is known from the GT06 protocol, from manuals and from working programs, and no list of it is complete.
 * So success has to be understood word by word, failure has to be unmistakable, and everything else is for a person to
 * read.
 */

/** Longer answers are reports, not words about a command. */
const LONGEST = 300;

const holds = (text: string, words: RegExp) => text.search(words) !== -1;
const word = (...alternatives: string[]) => new RegExp(`(?<!\\p{L})(?:${alternatives.join('|')})(?!\\p{L})`, 'gu');

const SUCCESS = '(?:ok|success(?:ful(?:ly)?)?|succeed(?:s|ed)?)';
/**
 * The whole of an answer that says that this was done: what was done, or nothing; one word of success; at most the
 * speed, as section
 * 2.6 shows it. Whatever else stands there may be a schedule, a threshold, a state or another action.
 */
const whole = (actions: string) =>
	new RegExp(
		`^(?:(?:${actions}) ?[:=,#-]? ?)?${SUCCESS}[!.]?(?: ?speed ?[:=]? ?\\d{1,3} ?(?:km\\/?h|kph|mph)?[!.]?)?$`,
		'u',
	);

interface Action {
	/** Says that this was done, and nothing else. */
	does: RegExp;
	done: RegExp;
	/**
	 * Success in other words: the twins of section 2.6's sentence in firmware that has it, and sentences from manuals.
	 */
	also?: RegExp;
}

const CIRCUIT = '(?: the)?(?: (?:fuel|power|oil|electricity))?(?: supply)?';

const ACTIONS: Readonly<Record<string, Action>> = {
	// DYD and HFYD are what the GT06 protocol calls cutting and restoring fuel and electricity.
	'RELAY,1': {
		does: word('cut[ -]?off', 'cut', 'stop(?:ped)?', 'immobili[sz]ed?', 'dyd', 'relay'),
		done: whole(
			`cut[ -]?off${CIRCUIT}|stop engine|engine stop(?:ped)?|immobili[sz]ed?|dyd|relay(?:[ ,:=](?:1|on))?`,
		),
		also: /^(?:set relay enable ok,relay:1#|切断油电成功[!！]?(?:速度[:：]\d+公里\/时)?|corte del suministro de combustible realizado con exito!?(?: velocidad: ?\d+ ?km\/h\.?)?|ausgang erfolgreich geschaltet!?(?: geschwindigkeit: ?\d+ ?km\/h\.?)?)$/,
	},
	'RELAY,0': {
		does: word('restored?', 'resumed?', 'recover(?:ed)?', 'reconnect(?:ed)?', 'hfyd', 'relay'),
		done: whole(
			`restore${CIRCUIT}|(?:restore|resume) engine|engine (?:restored|resumed)|hfyd|relay(?:[ ,:=](?:0|off))?`,
		),
		also: /^(?:set relay disable ok,relay:0#|恢复油电成功[!！]?|el suministro de combustible se ha restablecido con exito!?)$/,
	},
	LOCKDOOR: { does: word('lock(?:ed)?(?:[ -]?doors?)?'), done: whole('lock ?doors?|doors? locked|lock') },
	UNLOCKDOOR: { does: word('unlock(?:ed)?(?:[ -]?doors?)?'), done: whole('unlock ?doors?|doors? unlocked|unlock') },
	RESET: {
		does: word('reset', 'restart(?:ed)?', 'reboot(?:ed)?'),
		done: whole('reset|restart|reboot'),
		also: /^reset(?: set)? ok[!.]? ?the (?:terminal|device|tracker) will (?:restart|reboot) (?:after|in) \d{1,2} ?s(?:ec(?:onds?)?)?[!.]?$/,
	},
	SET_MILEAGE: {
		does: word('(?:set )?mileage', '(?:set )?odometer'),
		done: whole('(?:set )?(?:mileage|odometer)(?:[ ,:=]\\d{1,9})?'),
	},
};

const REFUSAL = [
	'fail(?:s|ed|ure)?',
	'err(?:ors?)?',
	'refus(?:ed?|al)',
	'reject(?:ed|s)?',
	'den(?:y|ied)',
	'forbidden',
	'unsuccessful(?:ly)?',
	'un-?support(?:ed)?',
	'unauthori[sz]ed',
	'not (?:ok|success(?:ful(?:ly)?)?|support(?:ed)?|allowed|permitted|authori[sz]ed|executed|accepted)',
	'no (?:success|permission)',
	'(?:unknown|invalid|illegal|wrong|incorrect) (?:command|cmd|instruction|parameters?|password|pwd|pin|code|token|format|user)',
	'(?:command|cmd|instruction|parameters?|password|pwd|pin|token|format)(?: is)? (?:unknown|invalid|illegal|wrong|incorrect)',
	// Spanish, Portuguese, French, German, Italian, Romanian, Russian, Chinese
	'fall(?:o|ó|ido|ida)',
	'errores',
	'rechazad[oa]',
	'denegad[oa]',
	'no soportad[oa]',
	'(?:contraseña|clave) (?:incorrecta|errónea)',
	'falha',
	'falhou',
	'erro',
	'recusad[oa]',
	'negad[oa]',
	'não suportad[oa]',
	'senha (?:incorreta|errada)',
	'[ée]chec',
	'[ée]chou[ée]',
	'erreur',
	'refus[ée]e?',
	'non pris en charge',
	'mot de passe incorrect',
	'fehler',
	'fehlgeschlagen',
	'abgelehnt',
	'nicht unterst(?:ü|ue)tzt',
	'falsches passwort',
	'errore',
	'fallit[oa]',
	'rifiutat[oa]',
	'non supportat[oa]',
	'eroare',
	'eșuat[ăa]?',
	'refuzat[ăa]?',
	'parol[ăa] greșit[ăa]',
	'ошибка',
	'отказ(?:ано)?',
	'не поддерживается',
	'неверный пароль',
].join('|');
const REFUSED_ABROAD = '失败|失敗|错误|錯誤|拒绝|拒絕|不支持';
const REFUSED = new RegExp(`(?<!\\p{L})(?:${REFUSAL})(?!\\p{L})|${REFUSED_ABROAD}`, 'gu');
/** The engine is cut neither at speed nor without a fix; where the device puts it off instead, it says so. */
const CUT_REFUSED = word('speed limit', 'unvalued fix');
/** "No error", "error: 0" */
const NO_REFUSAL = new RegExp(
	`(?<![\\p{L}\\d])(?:no|not|non|without|0|sin|sem|sans|ohne|keine?|senza|f[ăa]r[ăa]|без)[\\s:]+(?:${REFUSAL})(?!\\p{L})|(?:没有|沒有|无|無|未)(?:${REFUSED_ABROAD})|(?:${REFUSAL}|${REFUSED_ABROAD})(?: ?code)?\\s*[:=：]?\\s*(?:0+|0x0+|none|false|null)(?![\\p{L}\\d])`,
	'u',
);
/** It may still be done, or has been, or is about another time. */
const NOT_NOW = new RegExp(
	`${word('delay(?:ed)?', 'postponed?', 'pending', 'queued?', 'later', 'wait(?:ing)?', 'will(?! not)', 'when', 'until', 'already', 'previous(?:ly)?', 'retry(?:ing)?', 'yet', 'time[ -]?out', 'timed out', 'no (?:response|reply|answer)', 'posteriormente', 'otra vez', 'bereits', 'verz(?:ö|oe)gert', 'уже').source}|延[后後迟遲]|[已][处處]|稍[后後]|等待`,
	'u',
);
/** What one says after a refusal. */
const TRY_AGAIN =
	/(?:please )?(?:re)?try(?: it)?(?: again)?(?: later)?(?!\p{L})|请?稍[后後]再?[试試]|请?稍[后後]重[试試]/gu;

const SUCCEEDED = word('ok', 'success', 'successful', 'successfully', 'succeeds?', 'succeeded');

/** Says nothing beside a refusal. */
const BESIDE = word(
	'operation',
	'request',
	'token',
	'permission',
	'password',
	'command',
	'cmd',
	'comando',
	'(?:de la )?commande',
	'befehl',
	'команды',
	'no bloqueio',
	'code',
	'result',
	'the',
	'or zero gps signal',
	'(?:speed )?too high',
	'speed[ :=]*\\d+(?: ?(?:km\\/?h|kph|mph))?',
	'\\d+',
	'fuel',
	'supply',
	'engine',
	'doors?',
	'切断油电',
	'恢复油电',
	'命令',
	'密码',
);
const SIGNS = /^[\s.,:;!#=()！，。：；-]*$/u;

function refuses(text: string, command: string | null): boolean {
	const said = text.replace(TRY_AGAIN, ' ');
	if (NO_REFUSAL.test(said) || NOT_NOW.test(said)) return false;
	const ofACut = command === null || command === 'RELAY,1';
	const rest = (ofACut ? said.replace(CUT_REFUSED, ' ') : said).replace(REFUSED, ' ');
	// Beside a success it is a contradiction.
	if (rest === said || holds(rest, SUCCEEDED)) return false;
	// Whatever is left over may say that it comes later, or is about something else.
	const left = Object.entries(ACTIONS).reduce(
		(text, [name, { does }]) => (command === null || name === command ? text.replace(does, ' ') : text),
		rest.replace(BESIDE, ' '),
	);
	if (!SIGNS.test(left)) return false;
	// What is said of another action says nothing of this one.
	const own = command === null ? undefined : ACTIONS[command];
	const beside = own === undefined ? '' : rest.replace(own.does, ' ');
	return !Object.values(ACTIONS).some((action) => action !== own && holds(beside, action.does));
}

/**
 * @param command what was sent; null where that is not known
 * @returns 'answered' for all that is neither clearly done nor clearly refused. "Already in the state of ..., the
 * command is not running!" is among it: it was not carried out now, but 'failed' would say that the vehicle is not in
 * that state.
 */
export function saidOf(words: string, command: string | null): Extract<Outcome, 'confirmed' | 'failed' | 'answered'> {
	// Firmware writes names like RELAY_OK.
	if (words.length > LONGEST) return 'answered';
	const text = words
		.replace(/[\p{Cc}_\s]+/gu, ' ')
		.trim()
		.toLowerCase()
		.normalize();
	const candidates = Object.entries(ACTIONS).filter(([name]) => command === null || name === command);
	if (candidates.some(([, { done, also }]) => done.test(text) || also?.test(text) === true)) return 'confirmed';
	return refuses(text, command) ? 'failed' : 'answered';
}
