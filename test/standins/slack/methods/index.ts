import type { Method } from '../web.ts';
import { appMethods } from './app.ts';
import { chatMethods } from './chat.ts';
import { conversationMethods } from './conversations.ts';

export const methods: readonly Method[] = [...appMethods, ...chatMethods, ...conversationMethods];
