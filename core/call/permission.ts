import type { Connection } from '../describe/connection';
import { NotPermitted } from '../describe/errors';
import type { Host } from '../describe/host';
import type { AnyOperation } from '../describe/operation';
import type { Provider } from '../describe/provider';

/** @throws NotPermitted where the switches of the account or of the node do not allow the operation */
export function mustBePermitted(
	operation: AnyOperation,
	{ title }: Pick<Provider, 'title'>,
	{ allowCommands, allowWebLinks }: Connection,
	{ permitsCommands = false }: Pick<Host, 'permitsCommands'>,
): void {
	if (operation.effect === 'command' && !(allowCommands && permitsCommands)) {
		const places = [...(allowCommands ? [] : [`this ${title} account`]), ...(permitsCommands ? [] : ['this node'])];
		const where = allowCommands ? 'the node' : permitsCommands ? 'the account' : 'the account and in the node';
		throw new NotPermitted(
			`"${operation.title}" acts on vehicles or accounts, and commands are switched off for ${places.join(' and ')}.`,
			{ advice: `If you want to allow this, switch on "Allow Commands" in ${where}. Nothing was sent.` },
		);
	}
	if (operation.handsOutSession === true && allowWebLinks !== true)
		throw new NotPermitted(
			`"${operation.title}" makes a link that logs in anyone who opens it, and such links are switched off for this ${title} account.`,
			{
				advice: 'Switch on "Allow Web Links" in the account if everyone who gets the link may use the account. Nothing was sent.',
			},
		);
}
