import { slot } from '../../kernel/stage.ts';

export interface Message {
  /** One line. */
  readonly subject: string;
  /** Plain text; the notifier escapes for its own target. */
  readonly text: string;
  /** Name and value pairs worth a row each. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly links: readonly { readonly name: string; readonly url: string }[];
  readonly tone: 'good' | 'bad' | 'neutral';
}

/** Sends one message. A failure is a `WorldError` (down, refused for now) or `UserError` (bad address, bad credentials). */
export interface Notifier {
  readonly name: string;
  send(message: Message, signal: AbortSignal): Promise<void>;
}

export const notifiers = slot<readonly Notifier[]>('notifiers');
