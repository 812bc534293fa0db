/*
 * log_hook.h
 *		Keeps personal values out of the server's log.
 */
#ifndef PATTERNOS_LOG_HOOK_H
#define PATTERNOS_LOG_HOOK_H

extern void install_log_hook(void);

#endif							/* PATTERNOS_LOG_HOOK_H */
