import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Prints each loan's state whenever it changes: java -cp 'jars/*' OverdueLoans.java HOST:PORT [PREFIX] [SECONDS].
 * Its view is in memory: every start reads the topic from its beginning (30 days back), so that there is no group and
 * nothing to commit. Ends after SECONDS without a record; without SECONDS it runs for ever.
 */
public class OverdueLoans {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What this consumer acts on. It passes over every other type, and over fields that it does not know. */
  private static final Set<String> ALERTS =
      Set.of("loan.overdue_started", "loan.bucket_changed", "loan.cured", "loan.alert_corrected");

  // What is true of each loan: the alerts that stand, by id.
  private final Set<String> seen = new HashSet<>();
  private final Map<String, Map<String, JsonNode>> standing = new HashMap<>();

  /** The loan's state if the alert changes it; null for one that was seen before, or is of another kind. */
  JsonNode take(String id, String type, JsonNode alert) {
    if (!ALERTS.contains(type) || !seen.add(id)) return null; // an alert may arrive twice, with the same id
    var loan = standing.computeIfAbsent(alert.get("loan_id").asText(), unknown -> new LinkedHashMap<>());
    JsonNode before = state(loan);
    if (alert.has("supersedes")) loan.remove(alert.get("supersedes").asText()); // it is no longer true of that day
    loan.put(id, alert);
    JsonNode after = state(loan);
    return after.equals(before) ? null : after;
  }

  /** What the latest day says of which there is an alert; of two of one day, the one that came later. */
  static JsonNode state(Map<String, JsonNode> alerts) {
    JsonNode last = null;
    for (JsonNode alert : alerts.values()) {
      if (last == null || alert.get("as_of").asText().compareTo(last.get("as_of").asText()) >= 0) last = alert;
    }
    if (last == null) return null;
    var found = JSON.createObjectNode();
    for (String name : List.of("loan_id", "as_of", "bucket", "delinquent_days")) found.set(name, last.get(name));
    return found;
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
  }

  public static void main(String[] arguments) throws Exception {
    String prefix = arguments.length > 1 ? arguments[1] : "";
    Duration patience =
        arguments.length > 2 ? Duration.ofSeconds(Long.parseLong(arguments[2])) : Duration.ofDays(36_500);
    Map<String, Object> settings = Map.of(
        "bootstrap.servers", arguments[0],
        "isolation.level", "read_committed", // or alerts of aborted transactions would be seen
        "enable.auto.commit", false);
    var loans = new OverdueLoans();
    try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      var partitions = consumer.partitionsFor(prefix + "loans.overdue").stream()
          .map(found -> new TopicPartition(found.topic(), found.partition()))
          .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      for (Instant last = Instant.now(); Duration.between(last, Instant.now()).compareTo(patience) < 0; ) {
        var records = consumer.poll(Duration.ofMillis(500));
        for (var record : records) {
          JsonNode alert = JSON.readTree(record.value());
          JsonNode changed = loans.take(header(record, "ce_id"), header(record, "ce_type"), alert);
          if (changed != null) System.out.println(changed);
        }
        if (!records.isEmpty()) last = Instant.now();
      }
    }
  }
}
