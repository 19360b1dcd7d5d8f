/* SPDX-License-Identifier: GPL-2.0 */
/* Memory that two processes share, for the module to calibrate on */
#ifndef THPRACE_CALIBRATE_H
#define THPRACE_CALIBRATE_H

void calibrate_shared(void);

#endif /* THPRACE_CALIBRATE_H */
