import type { webApi } from '@slack/bolt';
import type { HomeView, KnownBlock, MessageAttachment, ModalView } from '@slack/types';

/** What a bot sends, by the names under which the stand-in looks the schemas up (scripts/chat-schemas.ts). */
export interface Sent {
  Block: KnownBlock;
  Modal: ModalView;
  Home: HomeView;
  Attachment: MessageAttachment;
  Manifest: webApi.AppsManifestUpdateArguments['manifest'];
}
