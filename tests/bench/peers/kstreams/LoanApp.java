import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * The job of core.py on Kafka Streams. BOOTSTRAP PREFIX APP as_of=DATE [guarantee=at_least_once|exactly_once_v2]
 * [store=rocks|memory] [threads=1] [directory=..] [commit=ms] [linger=ms] [session=ms] [disbursements=N]
 * [repayments=N]
 */
public class LoanApp {
    static final ObjectMapper MAPPER = new ObjectMapper();
    static final String[] BUCKETS = {null, "M1", "M2", "M3", "M4", "M5", "M6", "M6+"};
    static final long[] LAST_DAY_OF_BUCKET = {0, 30, 60, 90, 120, 150, 180};
    static final int REMEMBERED_PAYMENTS = 64;

    public static class State {
        public long[] d, i, p;
        public int n, b;
        public ArrayList<String> ids = new ArrayList<>();
    }

    public static class Alert {
        public String loan_id, cause, previous_bucket, bucket;
        public long days_past_due, overdue_total;
    }

    static <T> Serde<T> json(Class<T> type) {
        return Serdes.serdeFrom(
            (topic, value) -> {
                try {
                    return value == null ? null : MAPPER.writeValueAsBytes(value);
                } catch (IOException error) {
                    throw new RuntimeException(error);
                }
            },
            (topic, bytes) -> {
                try {
                    return bytes == null ? null : MAPPER.readValue(bytes, type);
                } catch (IOException error) {
                    throw new RuntimeException(error);
                }
            });
    }

    static class Loans implements Processor<String, JsonNode, String, Alert> {
        final long asOf;
        ProcessorContext<String, Alert> context;
        KeyValueStore<String, State> store;

        Loans(long asOf) {
            this.asOf = asOf;
        }

        public void init(ProcessorContext<String, Alert> given) {
            context = given;
            store = given.getStateStore("loans");
        }

        public void process(Record<String, JsonNode> record) {
            JsonNode schedule = record.value().get("schedule");
            if (schedule != null) {
                State state = disburse(schedule);
                judge(state, record);
                store.put(record.key(), state);
                Meter.disbursed();
                return;
            }
            State state = store.get(record.key());
            if (state == null) Meter.say("loan_unknown", 1);
            else if (repay(state, record.value())) {
                judge(state, record);
                store.put(record.key(), state);
            }
            Meter.repaid();
        }

        State disburse(JsonNode schedule) {
            State state = new State();
            int rows = schedule.size();
            state.d = new long[rows];
            state.i = new long[rows];
            state.p = new long[rows];
            for (int k = 0; k < rows; k++) {
                JsonNode row = schedule.get(k);
                state.d[k] = LocalDate.parse(row.get("due_date").textValue()).toEpochDay();
                state.i[k] = row.get("interest").longValue();
                state.p[k] = row.get("principal").longValue();
            }
            return state;
        }

        boolean repay(State state, JsonNode event) {
            String paymentId = event.get("payment_id").textValue();
            if (state.ids.contains(paymentId)) return false;
            state.ids.add(paymentId);
            if (state.ids.size() > REMEMBERED_PAYMENTS) state.ids.remove(0);
            long left = event.get("amount").longValue();
            int current = state.n;
            while (current < state.d.length) {
                long paid = Math.min(left, state.i[current]);
                state.i[current] -= paid;
                left -= paid;
                paid = Math.min(left, state.p[current]);
                state.p[current] -= paid;
                left -= paid;
                if (state.i[current] != 0 || state.p[current] != 0) break;
                current++;
            }
            state.n = current;
            return true;
        }

        void judge(State state, Record<String, JsonNode> record) {
            int current = state.n;
            boolean pastDue = current < state.d.length && state.d[current] < asOf;
            long days = pastDue ? asOf - state.d[current] : 0;
            int bucket = 0;
            while (bucket < LAST_DAY_OF_BUCKET.length && days > LAST_DAY_OF_BUCKET[bucket]) bucket++;
            if (bucket == state.b) return;
            Alert alert = new Alert();
            for (; current < state.d.length && state.d[current] < asOf; current++)
                alert.overdue_total += state.i[current] + state.p[current];
            alert.loan_id = record.key();
            alert.cause = new String(record.headers().lastHeader("ce_id").value(), StandardCharsets.UTF_8);
            alert.days_past_due = days;
            alert.previous_bucket = BUCKETS[state.b];
            alert.bucket = BUCKETS[bucket];
            state.b = bucket;
            context.forward(record.withValue(alert).withHeaders(null));
        }
    }

    /** Says on stdout when the first and the last of the expected events were done: MARK name count monotonic. */
    static class Meter {
        static final AtomicLong disbursements = new AtomicLong(), repayments = new AtomicLong();
        static long expectedDisbursements, expectedRepayments;

        static void say(String name, long count) {
            System.out.printf("MARK %s %d %.6f%n", name, count, System.nanoTime() / 1e9);
            System.out.flush();
        }

        static void disbursed() {
            count("disbursements", disbursements.incrementAndGet(), expectedDisbursements);
        }

        static void repaid() {
            count("repayments", repayments.incrementAndGet(), expectedRepayments);
        }

        static void count(String what, long count, long expected) {
            if (count == 1) say(what + "_first", count);
            if (count == expected) say(what + "_last", count);
        }
    }

    public static void main(String[] arguments) throws Exception {
        String prefix = arguments[1], app = arguments[2];
        Map<String, String> settings = new HashMap<>();
        for (int k = 3; k < arguments.length; k++) {
            String[] pair = arguments[k].split("=", 2);
            settings.put(pair[0], pair[1]);
        }
        Meter.expectedDisbursements = Long.parseLong(settings.getOrDefault("disbursements", "0"));
        Meter.expectedRepayments = Long.parseLong(settings.getOrDefault("repayments", "0"));
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, app);
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
        properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, settings.getOrDefault("guarantee", "at_least_once"));
        properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, settings.getOrDefault("threads", "1"));
        properties.put(StreamsConfig.STATE_DIR_CONFIG, settings.getOrDefault("directory", "kstreams-state"));
        properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        if (settings.containsKey("commit")) properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, settings.get("commit"));
        if (settings.containsKey("linger"))
            properties.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), settings.get("linger"));
        if (settings.containsKey("session"))
            properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), settings.get("session"));
        long asOf = LocalDate.parse(settings.get("as_of")).toEpochDay();
        boolean memory = settings.getOrDefault("store", "rocks").equals("memory");
        StoreBuilder<KeyValueStore<String, State>> store = Stores.keyValueStoreBuilder(
            memory ? Stores.inMemoryKeyValueStore("loans") : Stores.persistentKeyValueStore("loans"),
            Serdes.String(), json(State.class));
        Topology topology = new Topology();
        topology.addSource("in", new StringDeserializer(), json(JsonNode.class).deserializer(),
            prefix + "loans.disbursements", prefix + "loans.repayments");
        topology.addProcessor("judge", () -> new Loans(asOf), "in");
        topology.addStateStore(store, "judge");
        topology.addSink("out", prefix + "loans.overdue." + app, new StringSerializer(), json(Alert.class).serializer(), "judge");
        KafkaStreams streams = new KafkaStreams(topology, properties);
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            streams.close(Duration.ofSeconds(30));
            stopped.countDown();
        }));
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        streams.start();
        stopped.await();
    }
}
