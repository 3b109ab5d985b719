#pragma once

/// All of libleveret, an AMQP 0-9-1 client: Connection and Channel, which say what the protocol
/// says; Publisher and WorkerPool, which see jobs through across reconnects.

#include "lib/backoff.h"
#include "lib/channel.h"
#include "lib/connection.h"
#include "lib/error.h"
#include "lib/loop.h"
#include "lib/message.h"
#include "lib/publisher.h"
#include "lib/url.h"
#include "lib/worker_pool.h"
