import gov.loc.repository.bagit.conformance.BagLinter;
import gov.loc.repository.bagit.domain.Bag;
import gov.loc.repository.bagit.reader.BagReader;
import gov.loc.repository.bagit.verify.BagVerifier;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Collections;

/** Prints a line a bag: "valid" or "invalid", a tab, and the reason or the linter's warnings. */
public class Judge {
  public static void main(String[] bags) throws Exception {
    for (String bag : bags) {
      System.out.println(verdict(Paths.get(bag)).replace('\n', ' '));
    }
    System.exit(0);
  }

  private static String verdict(Path folder) {
    try (BagVerifier verifier = new BagVerifier()) {
      Bag bag = new BagReader().read(folder);
      verifier.isValid(bag, true);
      return "valid\t" + BagLinter.lintBag(folder, Collections.emptyList());
    } catch (Exception error) {
      return "invalid\t" + error.getClass().getSimpleName() + ": " + error.getMessage();
    }
  }
}
