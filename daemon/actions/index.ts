import type { Action } from '../ports/actions.ts';
import { alertsAck, alertsChannels, alertsKinds, alertsList, alertsShow, alertsTest } from './alerts.ts';
import { capture } from './capture.ts';
import { chatRemove, chatSetup, chatStatus } from './chat.ts';
import { configAccept, configCheck, configDiff, configReload, configShow } from './config.ts';
import { deploy, heal, patch, promote, rollback } from './deploy.ts';
import { dora } from './dora.ts';
import { drillReport } from './drill-report.ts';
import { drillHistory, drillList } from './drills.ts';
import { eventsExport } from './events.ts';
import { githubDeployments, githubIssues, githubReleases, githubRuns } from './github.ts';
import { grantRequest } from './grant-ask.ts';
import { requestApprove, requestDeny, requestShow, requestsList } from './grant-requests.ts';
import { healReset, healStatus } from './heals.ts';
import {
  incidentsAck,
  incidentsLink,
  incidentsNote,
  incidentsOpen,
  incidentsResolve,
  incidentsReview,
} from './incident-changes.ts';
import { incidentsList, incidentsPostmortem, incidentsShow } from './incidents.ts';
import { reviewClose, reviewList } from './reviews.ts';
import { jobsDocument } from './job-document.ts';
import { jobsCancel, jobsList, jobsLogs, jobsResolve, jobsShow, locksList, locksSteal } from './jobs.ts';
import { linearRetry, linearStatus } from './linear.ts';
import { note } from './note.ts';
import { createGrant, initKeys } from './preauth-make.ts';
import { keyEnrol, keyList, keyRevoke } from './person-keys.ts';
import { preauthList, preauthRevoke, preauthShow, preauthVerify } from './preauth.ts';
import { probePushUrl } from './probe-push-url.ts';
import { probeHistory, probeKinds, probeList, probeRun, probeShow } from './probes.ts';
import { release, releaseNext } from './release.ts';
import { digest } from './digest.ts';
import { reportWeekly } from './report.ts';
import { drillRun, replay, retry, run } from './run.ts';
import { rulesExplain, rulesList, rulesReset } from './rules.ts';
import { runbookLint, runbookList, runbookPlan, runbookShow } from './runbooks.ts';
import { scheduleBackfill, scheduleList, scheduleNext, schedulePause, scheduleResume } from './schedules.ts';
import { scheduleHistory } from './schedule-history.ts';
import { secretList, secretRemove, secretSet } from './secrets.ts';
import { alertsSilence, alertsSilences, alertsUnsilence, probeSilence } from './silences.ts';
import { sloList, sloShow } from './slos.ts';
import { status } from './status.ts';
import {
  syncActivityLog,
  syncGithub,
  syncLinear,
  syncList,
  syncRun,
  syncSchemas,
  syncStatus,
  syncTodos,
} from './syncs.ts';
import { lintWorkflows, logLevel, verifyFactory, zonesAccept } from './upkeep.ts';
import { webhookList, webhookRedeliver, webhookShow, webhookTest } from './webhooks.ts';
import { whoami } from './whoami.ts';
import { drain, halt, pause, resume } from './work.ts';

/** Every command there is. A new one is a new file and a line here; the door refuses to start on a name taken twice. */
export const actions = [
  status,
  whoami,
  run,
  deploy,
  rollback,
  promote,
  patch,
  heal,
  drillRun,
  retry,
  replay,
  note,
  eventsExport,
  halt,
  resume,
  pause,
  drain,
  jobsList,
  jobsShow,
  jobsLogs,
  jobsDocument,
  jobsCancel,
  jobsResolve,
  locksList,
  locksSteal,
  runbookList,
  runbookShow,
  runbookPlan,
  runbookLint,
  initKeys,
  createGrant,
  preauthList,
  preauthShow,
  preauthVerify,
  preauthRevoke,
  requestsList,
  requestShow,
  grantRequest,
  requestApprove,
  requestDeny,
  reviewList,
  reviewClose,
  drillList,
  drillHistory,
  drillReport,
  scheduleList,
  scheduleNext,
  scheduleHistory,
  schedulePause,
  scheduleResume,
  scheduleBackfill,
  probeList,
  probeShow,
  probeRun,
  probeHistory,
  probeKinds,
  probePushUrl,
  incidentsList,
  incidentsShow,
  incidentsOpen,
  incidentsAck,
  incidentsNote,
  incidentsLink,
  incidentsResolve,
  incidentsReview,
  incidentsPostmortem,
  healStatus,
  healReset,
  configShow,
  configCheck,
  configReload,
  configDiff,
  configAccept,
  secretList,
  secretSet,
  secretRemove,
  logLevel,
  zonesAccept,
  alertsList,
  alertsShow,
  alertsAck,
  alertsSilence,
  alertsSilences,
  alertsUnsilence,
  alertsChannels,
  alertsTest,
  alertsKinds,
  probeSilence,
  keyList,
  keyEnrol,
  keyRevoke,
  chatStatus,
  chatSetup,
  chatRemove,
  sloList,
  sloShow,
  dora,
  digest,
  reportWeekly,
  verifyFactory,
  lintWorkflows,
  webhookList,
  webhookShow,
  webhookRedeliver,
  webhookTest,
  rulesList,
  rulesExplain,
  rulesReset,
  syncList,
  syncStatus,
  syncRun,
  syncActivityLog,
  syncTodos,
  syncLinear,
  syncGithub,
  githubReleases,
  githubDeployments,
  githubRuns,
  githubIssues,
  capture,
  linearStatus,
  linearRetry,
  syncSchemas,
  release,
  releaseNext,
] as const satisfies readonly Action[];
