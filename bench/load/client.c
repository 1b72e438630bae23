/* A minimal client of the sample's wire: sends at fixed instants over HTTP, and measures from each of them until the
   message comes by the subscription. Prints a latency a line, in microseconds.

       client PORT COUNT GAP_US

   One message at a time is on its way, as at the rate at which it is compared. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char buffer[65536];

static void fail(const char *what) {
    fprintf(stderr, "client: %s\n", what);
    exit(1);
}

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static void sleep_until(int64_t us) {
    struct timespec at = {us / 1000000, (us % 1000000) * 1000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) != 0) {
    }
}

static int connected(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int one = 1, made = socket(AF_INET, SOCK_STREAM, 0);
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    if (made < 0 || connect(made, (struct sockaddr *)&address, sizeof address) < 0) fail("no connection");
    setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return made;
}

static void put(int to, const char *data, size_t length) {
    while (length) {
        ssize_t sent = write(to, data, length);
        if (sent <= 0) fail("the server went");
        data += sent;
        length -= (size_t)sent;
    }
}

/* Reads until a text has come. What was read before it is forgotten. */
static void await_text(int from, const char *text) {
    size_t have = 0;
    for (;;) {
        ssize_t got = read(from, buffer + have, sizeof buffer - 1 - have);
        if (got <= 0) fail(text);
        have += (size_t)got;
        buffer[have] = 0;
        for (size_t at = 0; at < have; at++) /* frames hold bytes of zero */
            if (!strncmp(buffer + at, text, strlen(text))) return;
        if (have > sizeof buffer / 2) have = 0;
    }
}

static void post(int to, const char *query, const char *variables) {
    char body[2048], request[4096];
    int length = snprintf(body, sizeof body, "{\"query\": \"%s\", \"variables\": %s}", query, variables);
    int whole = snprintf(request, sizeof request,
                         "POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                         "Authorization: token\r\nContent-Length: %d\r\n\r\n%s", length, body);
    put(to, request, (size_t)whole);
}

/* A masked text frame (RFC 6455, 5.2), with a mask of zeros. */
static void frame(int to, const char *text) {
    size_t length = strlen(text);
    char made[4096] = {(char)0x81, (char)(0x80 | 126), (char)(length >> 8), (char)length, 0, 0, 0, 0};
    memcpy(made + 8, text, length);
    put(to, made, length + 8);
}

int main(int argc, char **argv) {
    if (argc != 4) fail("PORT COUNT GAP_US");
    int port = atoi(argv[1]), count = atoi(argv[2]), gap = atoi(argv[3]);
    int http = connected(port), live = connected(port);
    char variables[1024], wanted[64], dots[101];
    memset(dots, '.', 100);
    dots[100] = 0;
    snprintf(variables, sizeof variables, "{\"name\": \"c-%d\"}", getpid());
    post(http, "mutation { createConversation(id: 1) { id } }", variables);
    await_text(http, "userId");
    snprintf(buffer, sizeof buffer, "GET /graphql/realtime HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
             "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
             "Sec-WebSocket-Protocol: graphql-ws\r\n\r\n");
    put(live, buffer, strlen(buffer));
    await_text(live, "\r\n\r\n");
    frame(live, "{\"type\": \"connection_init\"}");
    await_text(live, "connection_ack");
    snprintf(variables, sizeof variables,
             "{\"type\": \"start\", \"id\": \"1\", \"payload\": {\"data\": \"{\\\"variables\\\": {\\\"room\\\": \\\"c-%d\\\"}}\"}}",
             getpid());
    frame(live, variables);
    await_text(live, "start_ack");
    int64_t began = now_us() + 100000;
    for (int number = 0; number < count; number++) {
        int64_t intended = began + (int64_t)number * gap;
        sleep_until(intended);
        snprintf(wanted, sizeof wanted, "send %d %d ", getpid(), number);
        snprintf(variables, sizeof variables,
                 "{\"room\": \"c-%d\", \"text\": \"%s%s\", \"key\": \"%s\", \"clock\": \"2026-01-01T00:00:00.000Z\"}",
                 getpid(), wanted, dots, wanted);
        post(http, "mutation { createMessage { id conversationId sender content createdAt } }", variables);
        await_text(live, wanted);
        printf("%lld\n", (long long)(now_us() - intended));
        await_text(http, wanted);
    }
    return 0;
}
