import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Publishes loan events, one CloudEvent a line on stdin: java -cp 'jars/*' LoanEvents.java HOST:PORT [PREFIX]. */
public class LoanEvents {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Set<String> DISBURSEMENTS = Set.of("loan.disbursed", "loan.disbursement_cancelled");
  private static final Set<String> REPAYMENTS =
      Set.of("loan.repaid", "loan.repayment_reversed", "loan.charged_back");

  /** The topic of an event type. */
  static String topicOf(String type) {
    if (DISBURSEMENTS.contains(type)) return "loans.disbursements";
    if (REPAYMENTS.contains(type)) return "loans.repayments";
    return type.startsWith("borrower.") ? "borrowers.signals" : "loans.servicing";
  }

  /** The Kafka record of a CloudEvent in binary mode: attributes are headers, data is the value. */
  static ProducerRecord<byte[], byte[]> recordOf(JsonNode event, String prefix) throws Exception {
    String type = event.get("type").asText();
    JsonNode data = event.get("data");
    String key = data.get(type.startsWith("borrower.") ? "borrower_id" : "loan_id").asText();
    var record = new ProducerRecord<>(prefix + topicOf(type), bytes(key), JSON.writeValueAsBytes(data));
    for (Map.Entry<String, JsonNode> attribute : event.properties()) {
      if (!attribute.getKey().equals("data")) {
        record.headers().add("ce_" + attribute.getKey(), bytes(attribute.getValue().asText()));
      }
    }
    record.headers().add("content-type", bytes("application/json"));
    return record;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  public static void main(String[] arguments) throws Exception {
    String prefix = arguments.length > 1 ? arguments[1] : "";
    // The partitioner is the client's default, murmur2; idempotence (acks=all, order kept) is its default, too.
    Map<String, Object> settings = Map.of("bootstrap.servers", arguments[0]);
    var failed = new AtomicInteger();
    try (var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String line; (line = lines.readLine()) != null; ) {
        producer.send(recordOf(JSON.readTree(line), prefix), (metadata, error) -> {
          if (error != null) {
            failed.incrementAndGet();
            System.err.println(error);
          }
        });
      }
    } // closing waits for every acknowledgement
    System.exit(failed.get() == 0 ? 0 : 1); // 1: send all again, known ids change nothing
  }
}
