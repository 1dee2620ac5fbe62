// Made by `npm run generate` from providers/: edit the vendor there.
import type { IAuthenticate, ICredentialTestRequest, ICredentialType, Icon, INodeProperties } from 'n8n-workflow';
import { authenticateOf, credentialProperties, preAuthenticationOf, testOf } from '../n8n/credential';
import { protrack365 } from '../providers/protrack/protrack365';

export class Protrack365Api implements ICredentialType {
	name = 'protrack365Api';

	displayName = 'Protrack365 API';

	icon: Icon = { light: 'file:../icons/protrack365.svg', dark: 'file:../icons/protrack365.dark.svg' };

	documentationUrl = 'https://github.com/fleetwire/fleetwire/blob/main/docs/protrack365.md#account';

	properties: INodeProperties[] = credentialProperties(protrack365);

	preAuthentication = preAuthenticationOf(protrack365);

	authenticate: IAuthenticate = authenticateOf(protrack365);

	// The login before this request is the real test; it says itself what is wrong.
	test: ICredentialTestRequest = {
		request: testOf(protrack365, { url: '/api/user/list' }),
		rules: [
			{
				type: 'responseSuccessBody',
				properties: {
					key: 'code',
					value: 10011,
					message:
						'The session ended at once: another program is logging in with this account. Give each its own account.',
				},
			},
			{
				type: 'responseSuccessBody',
				properties: {
					key: 'code',
					value: 10012,
					message:
						'The session ended at once: another program is logging in with this account. Give each its own account.',
				},
			},
		],
	};
}
